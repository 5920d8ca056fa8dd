"""A web service that makes images without holding a request open: submit, ask, look.

pip install 'ideogram-ai[webhooks]' fastapi uvicorn
IDEOGRAM_API_KEY=... uvicorn --app-dir examples fastapi_service:app

POST /images {"prompt": "A photo of a cat"} answers with the id of a job at once. GET /images/ID tells how it is doing,
and GET /images/ID/0 gives its first image. With PUBLIC_URL set to the https address of this service, the service of
Ideogram also posts the result to /ideogram when it is ready.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import Path as AsyncPath
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, Field

from ideogram_ai.client import (
    AsyncIdeogram,
    IdeogramError,
    Job,
    NotFoundError,
    RateLimitError,
    WebhookVerificationError,
)
from ideogram_ai.client import UnprocessableEntityError as RefusedError

FOLDER = Path(os.environ.get("IMAGES", "images"))
PUBLIC_URL = os.environ.get("PUBLIC_URL")
finished: dict[str, Job] = {}  # a table of your database, with the id as its key


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    await AsyncPath(FOLDER).mkdir(exist_ok=True)
    async with AsyncIdeogram() as app.state.client:  # one for all requests; it limits how many are in flight
        yield


app = FastAPI(title="Images", lifespan=lifespan)


async def the_client(request: Request) -> AsyncIdeogram:
    client: AsyncIdeogram = request.app.state.client
    return client


Client = Annotated[AsyncIdeogram, Depends(the_client)]


class Order(BaseModel):
    prompt: str = Field(min_length=1, max_length=2000)
    speed: Literal["TURBO", "DEFAULT", "QUALITY"] = "TURBO"


@app.exception_handler(IdeogramError)
async def report(_request: Request, error: IdeogramError) -> JSONResponse:
    """Turn an error of the client into an answer; never repeat what may have been billed."""
    kinds: dict[type[Exception], int] = {RefusedError: 422, NotFoundError: 404, RateLimitError: 503}
    status = next((code for kind, code in kinds.items() if isinstance(error, kind)), 502)
    return JSONResponse({"error": str(error), "may_have_been_billed": error.may_have_been_billed}, status)


@app.post("/images", status_code=202)
async def submit(order: Order, client: Client) -> dict[str, str]:
    """Submit a job. Whoever has its id can ask for the image, after a restart too."""
    job = await client.submit(
        text_prompt=order.prompt,
        rendering_speed=order.speed,
        webhook_url=PUBLIC_URL and f"{PUBLIC_URL}/ideogram",
    )
    return {"id": job.id}


@app.get("/images/{job_id}")
async def look(job_id: str, client: Client) -> dict[str, Any]:
    """Tell how a job is doing. Asking costs nothing."""
    job = finished.get(job_id) or await client.job(job_id)
    images = job.generation.images if job.generation else ()
    shown = [f"/images/{job_id}/{number}" for number, image in enumerate(images) if not image.withheld]
    return {"id": job.id, "status": job.status, "images": shown, "failure_reason": job.failure_reason}


@app.get("/images/{job_id}/{number}")
async def image(job_id: str, number: int, client: Client) -> FileResponse:
    """Give an image. It is downloaded once: the link of the service lives for a day, and the file stays."""
    path = FOLDER / f"{job_id}-{number}.png"
    if not await AsyncPath(path).exists():
        job = finished.get(job_id) or await client.job(job_id)
        images = job.generation.images if job.generation else ()
        if not 0 <= number < len(images) or images[number].withheld:
            raise HTTPException(404, "There is no such image.")
        await client.download(images[number], path, overwrite=True)
    return FileResponse(path)


@app.post("/ideogram", status_code=204)
async def receive(request: Request, client: Client) -> None:
    """Take the result of a job from the service, if the service signed it."""
    try:
        job = await client.verify_webhook(request.headers, await request.body())
    except WebhookVerificationError as error:
        raise HTTPException(400) from error  # forged, changed or too old
    finished.setdefault(job.id, job)  # the same job may be delivered twice
