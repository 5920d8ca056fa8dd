from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.generate_image_request_v4 import GenerateImageRequestV4
from ...models.generate_image_response_v4 import GenerateImageResponseV4
from ...models.problem_details import ProblemDetails
from ...models.prompt_safety_error import PromptSafetyError
from ...models.rejection import Rejection
from ...types import Response


def _get_kwargs(
    *,
    body: GenerateImageRequestV4,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/ideogram-v4/generate",
    }

    _kwargs["files"] = body.to_multipart()

    headers["Content-Type"] = "multipart/form-data; boundary=+++"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | ProblemDetails | Any | Rejection | GenerateImageResponseV4 | PromptSafetyError | None:
    if response.status_code == 200:
        response_200 = GenerateImageResponseV4.from_dict(response.json())

        return response_200

    if response.status_code == 400:

        def _parse_response_400(data: object) -> Any | ProblemDetails:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_undocumented_problem_type_0 = ProblemDetails.from_dict(data)

                return componentsschemas_undocumented_problem_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Any | ProblemDetails, data)

        response_400 = _parse_response_400(response.json())

        return response_400

    if response.status_code == 401:

        def _parse_response_401(data: object) -> Any | ProblemDetails:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_undocumented_problem_type_0 = ProblemDetails.from_dict(data)

                return componentsschemas_undocumented_problem_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Any | ProblemDetails, data)

        response_401 = _parse_response_401(response.json())

        return response_401

    if response.status_code == 422:
        response_422 = PromptSafetyError.from_dict(response.json())

        return response_422

    if response.status_code == 429:

        def _parse_response_429(data: object) -> Any | Rejection:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_undocumented_rejection_type_0 = Rejection.from_dict(data)

                return componentsschemas_undocumented_rejection_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Any | Rejection, data)

        response_429 = _parse_response_429(response.json())

        return response_429

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Any | ProblemDetails | Any | Rejection | GenerateImageResponseV4 | PromptSafetyError]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: GenerateImageRequestV4,
) -> Response[Any | ProblemDetails | Any | Rejection | GenerateImageResponseV4 | PromptSafetyError]:
    """Generate with Ideogram 4.0

     Makes images with the Ideogram 4.0 model and answers when they are ready. The links in the answer
    expire, so an image that is to be kept has to be downloaded. There is no idempotency key: a request
    whose answer was lost may have run, and may have been billed.

    Args:
        body (GenerateImageRequestV4): A request for images. Exactly one of text_prompt and
            json_prompt is given.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ProblemDetails | Any | Rejection | GenerateImageResponseV4 | PromptSafetyError]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: GenerateImageRequestV4,
) -> Any | ProblemDetails | Any | Rejection | GenerateImageResponseV4 | PromptSafetyError | None:
    """Generate with Ideogram 4.0

     Makes images with the Ideogram 4.0 model and answers when they are ready. The links in the answer
    expire, so an image that is to be kept has to be downloaded. There is no idempotency key: a request
    whose answer was lost may have run, and may have been billed.

    Args:
        body (GenerateImageRequestV4): A request for images. Exactly one of text_prompt and
            json_prompt is given.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ProblemDetails | Any | Rejection | GenerateImageResponseV4 | PromptSafetyError
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: GenerateImageRequestV4,
) -> Response[Any | ProblemDetails | Any | Rejection | GenerateImageResponseV4 | PromptSafetyError]:
    """Generate with Ideogram 4.0

     Makes images with the Ideogram 4.0 model and answers when they are ready. The links in the answer
    expire, so an image that is to be kept has to be downloaded. There is no idempotency key: a request
    whose answer was lost may have run, and may have been billed.

    Args:
        body (GenerateImageRequestV4): A request for images. Exactly one of text_prompt and
            json_prompt is given.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ProblemDetails | Any | Rejection | GenerateImageResponseV4 | PromptSafetyError]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: GenerateImageRequestV4,
) -> Any | ProblemDetails | Any | Rejection | GenerateImageResponseV4 | PromptSafetyError | None:
    """Generate with Ideogram 4.0

     Makes images with the Ideogram 4.0 model and answers when they are ready. The links in the answer
    expire, so an image that is to be kept has to be downloaded. There is no idempotency key: a request
    whose answer was lost may have run, and may have been billed.

    Args:
        body (GenerateImageRequestV4): A request for images. Exactly one of text_prompt and
            json_prompt is given.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ProblemDetails | Any | Rejection | GenerateImageResponseV4 | PromptSafetyError
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
