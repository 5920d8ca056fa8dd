"""The contract is a valid OpenAPI 3.1 document, and its own examples keep it."""

from collections.abc import Callable
from pathlib import Path

import yaml
from altered_contract import ROOT, write_altered
from contract_document import Node, nodes
from regeneration.checks import read_checked

from ideogram_ai.client import webhooks


def test_every_component_is_used_and_every_reference_leads_somewhere(contract: Node) -> None:
    used = {node["$ref"] for _, node in nodes(contract) if "$ref" in node}
    referred_to = contract["components"].keys() - {"securitySchemes"}  # those are named in security
    assert used == {f"#/components/{kind}/{name}" for kind in referred_to for name in contract["components"][kind]}


def test_every_media_type_has_examples_that_keep_its_schema(
    contract: Node, is_valid: Callable[[str, object], bool]
) -> None:
    media_types = [(place, node) for place, node in nodes(contract) if "schema" in node and "examples" in node]
    contents = [media for _, node in nodes(contract) for media in node.get("content", {}).values()]
    assert len(media_types) == len(contents)
    for place, media_type in media_types:
        name = media_type["schema"]["$ref"].rpartition("/")[2]
        for key, example in media_type["examples"].items():
            assert is_valid(name, example["value"]), f"{place}/{key}"


def test_every_property_says_what_it_is(schemas: dict[str, Node]) -> None:
    """But for the bodies that are nobody's promise: what they hold is told by their names, or not known."""
    unpromised = {"PromptSafetyError", "ProblemDetails", "Rejection"}
    silent = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for part in (schema, *schema.get("allOf", ()))
        for field, node in part.get("properties", {}).items()
        if name not in unpromised and "$ref" not in node and not node.get("description")
    ]
    assert silent == []
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []


def test_nothing_is_closed_to_fields_that_come_later(contract: Node) -> None:
    closing = {"additionalProperties", "unevaluatedProperties", "propertyNames", "maxProperties"}
    assert [place for place, node in nodes(contract["components"]["schemas"]) if closing & node.keys()] == []


# The x- members: what OpenAPI has no word for, in a form that the client and the mock server read


def test_what_was_only_seen_is_told_apart_from_what_is_documented(operations: dict[str, Node]) -> None:
    evidence = {
        (status, response["x-evidence"])
        for operation in operations.values()
        for status, response in operation["responses"].items()
    }
    observed, documented = {"400", "401", "429"}, {"200", "402", "403", "404", "422", "500", "503"}
    assert evidence == {(s, "observed") for s in observed} | {(s, "documented") for s in documented}


ALWAYS_FREE = {
    *("get_generation", "get_webhook_signing_jwks"),
    *("list_datasets", "get_dataset", "list_custom_models", "get_custom_model"),
}
NOBODY_KNOWS = {"create_dataset", "upload_dataset_assets"}


def test_a_success_is_billed_unless_the_operation_is_free_and_a_refusal_never_is(operations: dict[str, Node]) -> None:
    for name, operation in operations.items():
        billed = {status: response["x-billed"] for status, response in operation["responses"].items()}
        assert billed.pop("200") == ("unknown" if name in NOBODY_KNOWS else name not in ALWAYS_FREE), name
        unknown = {status for status, value in billed.items() if value == "unknown"}
        assert unknown == billed.keys() & {"500", "503"}, name
        assert all(billed[status] is False for status in billed.keys() - unknown), name


def test_observed_statuses_are_no_answers_of_the_contract(operations: dict[str, Node]) -> None:
    for name, operation in operations.items():
        observed = {entry["status"]: entry["billed"] for entry in operation["x-observed-statuses"]}
        assert len(observed) == len(operation["x-observed-statuses"])
        assert not {str(status) for status in observed} & operation["responses"].keys()
        assert all(entry["because"] for entry in operation["x-observed-statuses"])
        if name in ALWAYS_FREE:
            assert set(observed.values()) == {False}
            continue
        documented = {int(status) for status in operation["responses"]}
        assert {status for status, billed in observed.items() if billed is False} == {
            *(402, 403, 404, 413, 415, 429)
        } - documented
        said = {status for status, billed in observed.items() if billed == "unknown"}
        assert said == {503} - documented


def test_the_limits_and_their_headers(operations: dict[str, Node]) -> None:
    limited = {name: op["responses"]["429"] for name, op in operations.items() if "429" in op["responses"]}
    assert {op["tags"][0] for name, op in operations.items() if name not in limited} == {"datasets", "models"}
    for name, rejected in limited.items():
        assert rejected["headers"]["Retry-After"]["required"] is False
        makes_images = ("x-result" in operations[name] and name != "get_generation") or name == "post_layerize_text_v3"
        assert rejected.get("x-in-flight-limit") == (10 if makes_images else None), name
        (example,) = rejected["content"]["application/json"]["examples"].values()
        assert example["value"].get("max_inflight_requests") == rejected.get("x-in-flight-limit")
    assert [name for name, rejected in limited.items() if "x-rate-limit" in rejected] == ["get_generation"]


DRAWN_BY_3_0 = ("generate", "generate_transparent", "inpaint", "remix", "reframe", "replace_background", "edit")


def test_methods_results_and_prices(contract: Node, operations: dict[str, Node], schemas: dict[str, Node]) -> None:
    assert {operation["x-method"]: operation.get("x-result") for operation in operations.values()} == {
        "generate": "images",
        "submit": "job",
        "job": "job",
        "remix": "images",
        "submit_remix": "job",
        "magic_prompt": None,
        "describe": None,
        "generate_transparent": "images",
        "submit_generate_transparent": "job",
        "webhook_keys": None,
        **dict.fromkeys(("edit", "upscale", "remove_background"), "images"),
        "describe_image": None,
        **{f"v3.{name}": "images" for name in DRAWN_BY_3_0},
        "v3.layerize_text": None,
        **{f"legacy.{name}": "images" for name in ("generate", "edit", "remix", "reframe")},
        **{f"datasets.{name}": None for name in ("list", "create", "get", "upload_assets")},
        **{f"models.{name}": None for name in ("list", "get", "train")},
    }
    assert len(operations) == 33
    assert [name for name, operation in operations.items() if operation.get("deprecated")] == ["post_edit_image_v3"]
    other = [entry for operation in operations.values() for entry in operation.get("x-price-when", ())]
    named = {operation["x-price"] for operation in operations.values() if "x-price" in operation}
    assert named | {entry["price"] for entry in other} == contract["x-prices"].keys()
    prices = contract["x-prices"]["ideogram-4.0"]
    speeds = schemas["RenderingSpeedV4"]
    assert prices["usd"].keys() == set(speeds["enum"]) - {entry["value"] for entry in speeds["x-unavailable-values"]}
    for operation in operations.values():
        (media,) = operation.get("requestBody", {"content": {"": None}})["content"].values()
        fields = schemas[media["schema"]["$ref"].rpartition("/")[2]]["properties"] if media else {}
        for entry in ({"price": operation.get("x-price")}, *operation.get("x-price-when", ())):
            assert entry.get("field", "prompt") in fields or entry["price"] is None or "field" not in entry
            by = contract["x-prices"].get(entry["price"], {}).get("by")
            assert by is None or contract["x-prices"][entry["price"]]["usd"].keys() <= set(
                schemas[fields[by]["$ref"].rpartition("/")[2]]["enum"]
            )


def test_one_operation_is_open_to_everybody(contract: Node, operations: dict[str, Node]) -> None:
    assert contract["security"] == [{"ApiKey": []}]
    assert {name: op["security"] for name, op in operations.items() if "security" in op} == {
        "get_webhook_signing_jwks": []
    }


def test_every_answer_may_announce_a_successor_and_none_has_to(contract: Node, operations: dict[str, Node]) -> None:
    for response in [response for operation in operations.values() for response in operation["responses"].values()]:
        for name, component in (("Link", "SuccessorLink"), ("Deprecation", "Deprecation")):
            assert response["headers"][name] == {"$ref": f"#/components/headers/{component}"}
            header = contract["components"]["headers"][component]
            assert header["required"] is False
            assert "example" not in header, "the mock server plays the examples of headers without being asked"


def test_unavailable_values_stand_in_their_enum_and_get_a_documented_status(contract: Node, operation: Node) -> None:
    holders = [(place, node) for place, node in nodes(contract) if "x-unavailable-values" in node]
    assert [place.rpartition("/")[2] for place, _ in holders] == ["RenderingSpeedV4"]
    for _, node in holders:
        for entry in node["x-unavailable-values"]:
            assert entry["value"] in node["enum"]
            assert entry["value"] != node.get("default")
            assert str(entry["status"]) in operation["responses"]
            assert entry["because"]
    assert [entry["value"] for entry in holders[0][1]["x-unavailable-values"]] == ["FLASH"]


def test_field_hints_are_for_fields_that_are_not_there_and_name_one_that_is(schemas: dict[str, Node]) -> None:
    requests = {name: schema for name, schema in schemas.items() if "x-field-hints" in schema}
    assert len(requests) == 23
    for name, request in requests.items():
        hints = request["x-field-hints"]
        assert not hints.keys() & request["properties"].keys(), name
        assert all(hint.get("use") or hint.get("because") for hint in hints.values())
        assert {hint["use"] for hint in hints.values() if "use" in hint} <= request["properties"].keys(), name
    frequent = {"prompt", "aspect_ratio", "num_images", "negative_prompt", "seed", "magic_prompt", "style_type"}
    assert frequent <= requests["GenerateImageRequestV4"]["x-field-hints"].keys()
    assert requests["DescribeRequestV4"]["x-field-hints"]["image"] == {"use": "image_file"}
    assert requests["RemixImageRequestV4"]["x-field-hints"]["image_file"] == {"use": "image"}


def test_known_values_say_whether_waiting_helps(schemas: Node) -> None:
    values = schemas["Rejection"]["properties"]["reject_reason"]["x-known-values"]
    helps = {entry["value"]: entry["waiting_helps"] for entry in values}
    assert len(helps) == len(values) == 6
    assert {value for value, waiting in helps.items() if waiting is True} == {
        "inflight_limit",
        "priority_credit_required",
    }
    assert {value for value, waiting in helps.items() if waiting is False} == helps.keys() - {
        "inflight_limit",
        "priority_credit_required",
    }


def test_the_client_reads_the_headers_of_a_webhook_that_the_contract_has(contract: Node) -> None:
    delivery = contract["webhooks"]["job_completed"]["post"]
    names = [parameter["name"] for parameter in delivery["parameters"]]
    assert names == [webhooks.GENERATION_ID, webhooks.USER_ID, webhooks.TIMESTAMP, webhooks.KEY_ID, webhooks.SIGNATURE]
    assert all(parameter["required"] and parameter["in"] == "header" for parameter in delivery["parameters"])


def test_a_webhook_may_come_in_either_form_of_the_providers_words(is_valid: Callable[[str, object], bool]) -> None:
    data = [{"prompt": "a", "resolution": "1x1", "is_image_safe": True, "seed": 1}]
    for body in ({"generation_id": "a", "data": data}, {"request_id": "a"}, {}, {"status": "completed", "data": [7]}):
        assert is_valid("WebhookBody", body), body
    assert not is_valid("WebhookBody", {"generation_id": 7})


def test_the_operation_of_the_page_about_changes_is_accepted(tmp_path: Path) -> None:
    page = (ROOT / "docs/changing-the-contract.md").read_text("utf-8").partition("## Another operation")[2]
    example = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    changed = write_altered(tmp_path / "contract.yaml", lambda document: document["paths"].update(example))
    assert "/v1/generations" in read_checked(changed).document["paths"]
