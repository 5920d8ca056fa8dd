"""Datasets and custom models on the mock server: files and why they are refused, trainings, and what is kept."""

import json
import zipfile
from io import BytesIO
from typing import Any

import httpx
import pytest
from mock_pictures import allowed, ask, saved
from mock_requests import HEADERS, send, wait_until
from PIL import Image

from ideogram_ai.contract.decoding import UploadedFile
from ideogram_ai.generated.operations import OPERATIONS
from ideogram_ai.testing import FAILED_WORD, UNSAFE_WORD, MockServer, ideogram_mock, library

BY_NAME = {operation.method_name: operation for operation in OPERATIONS.values()}
UPLOAD = BY_NAME["datasets.upload_assets"]


def png(shade: int = 0, size: int = 8) -> bytes:
    return saved(Image.new("L", (size, size), shade))


def zipped(files: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


class Account:
    """Calls the operations of datasets and models."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, operation_name: str, /, expected: int = 200, **values: Any) -> dict[str, Any]:
        operation = BY_NAME[operation_name]
        path = operation.path.format(**values)
        body = {"json": values} if operation.method == "POST" else {"params": values}
        response = send(operation.method, self.url + path, headers=HEADERS, **body)
        assert response.status_code == expected, response.text
        return allowed(response, operation) if expected == 200 else dict(response.json())

    def send(self, dataset: str, *files: tuple[str, bytes]) -> httpx.Response:
        form = [("files", (name, content)) for name, content in files]
        return send("POST", self.url + UPLOAD.path.format(dataset_id=dataset), files=form, headers=HEADERS)

    def upload(self, dataset: str, *files: tuple[str, bytes]) -> dict[str, Any]:
        body = allowed(self.send(dataset, *files), UPLOAD)
        counts = body["success_count"], body["failure_count"]
        assert (len(body["successful_assets"]), len(body["failed_assets"])) == counts
        assert body["total_count"] == sum(counts)
        return body

    def refused(self, dataset: str, *files: tuple[str, bytes]) -> list[tuple[str, str]]:
        failed = self.upload(dataset, *files)["failed_assets"]
        return [(each["file_name"], each["failure_reason"]) for each in failed]

    def new(self, name: str = "Blue pottery") -> str:
        return str(self.call("datasets.create", name=name)["dataset_id"])


@pytest.fixture
def account(mock_url: str) -> Account:
    return Account(mock_url)


def test_a_dataset_keeps_its_files_with_captions_of_the_same_name(account: Account) -> None:
    dataset = account.new()
    empty = account.call("datasets.get", dataset_id=dataset)
    assert (empty["file_count"], empty["files"], empty["custom_model_ids"]) == (0, [], [])
    first = account.upload(
        dataset, ("vase.txt", b"\xef\xbb\xbfa blue vase\n"), ("vase.png", png()), ("cup.JPG", png(1))
    )
    assert (first["success_count"], first["failure_count"]) == (2, 0), "images count"
    packed = zipped(
        {"a/bowl.png": png(2), "a/bowl.txt": "größer".encode(), "__MACOSX/bowl.png": b"x", ".DS_Store": b""}
    )
    second = account.upload(dataset, ("more.zip", packed), ("../../vase.png", png(3)))
    assert (second["success_count"], second["failure_count"]) == (2, 0), "hidden files are left out"
    body = account.call("datasets.get", dataset_id=dataset)
    assert {file["file_name"]: file.get("caption") for file in body["files"]} == {
        "vase.png": "a blue vase",
        "cup.JPG": None,
        "bowl.png": "größer",
    }
    assert body["file_count"] == 3, "a file of the same name takes the place of the other"
    assert body["files"][0]["file_size_bytes"] == len(png(3))
    assert body["dataset"]["cover_asset_identifier"]["asset_type"] == "UPLOAD"
    other = account.new("Red POTTERY bowls")
    assert account.call("datasets.get", dataset_id=other)["file_count"] == 0
    for search, found in (("pottery", {dataset, other}), ("bowls red", {other}), ("nothing", set())):
        listed = {each["dataset_id"] for each in account.call("datasets.list", search=search)["datasets"]}
        assert listed & {dataset, other} == found, search


def test_files_are_refused_one_by_one_with_the_reasons_of_the_contract(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = account.new()
    broken = zipped({"a.png": png()})[:-30]
    secret = bytearray(zipped({"locked.png": png()}))
    for place in (6, secret.index(b"PK\x01\x02") + 8):  # the flag of an encrypted entry, in both heads
        secret[place] |= 1
    bad = [
        ("notes.pdf", b"%PDF", "INVALID_IMAGE"),
        ("cut.png", png(size=200)[:60], "INVALID_IMAGE"),
        ("inner.zip", zipped({"deep.zip": zipped({"x.png": png()})}), "INVALID_IMAGE"),
        ("latin.txt", "größer".encode("latin-1"), "INVALID_CAPTION"),
        ("empty.txt", b" \n", "INVALID_CAPTION"),
        ("broken.zip", broken, "INVALID_ZIP"),
        ("no.zip", b"no zip", "INVALID_ZIP"),
        ("nothing.zip", zipped({}), "INVALID_ZIP"),
        ("locked.zip", bytes(secret), "INVALID_ZIP"),
        (f"{UNSAFE_WORD}.png", png(), "FAILED_SAFETY_CHECK"),
        ("caption.txt", UNSAFE_WORD.upper().encode(), "FAILED_SAFETY_CHECK"),
        (f"{FAILED_WORD}.png", png(), "INTERNAL_ERROR"),
    ]
    found = account.refused(dataset, *((name, content) for name, content, _ in bad), ("good.png", png()))
    inner = {"inner.zip": "deep.zip", "locked.zip": "locked.png"}
    assert found == [(inner.get(name, name), reason) for name, _, reason in bad]
    assert account.refused(dataset, (f"{FAILED_WORD}.png", png())) == [], "it passes by itself"
    monkeypatch.setattr(library, "LARGEST_FILE", 1000)
    assert account.refused(dataset, ("long.png", png() + b"x" * 1000)) == [("long.png", "FILE_TOO_LARGE")]
    bomb = zipped({"zeros.png": b"\0" * 50_000_000})
    assert account.refused(dataset, ("bomb.zip", bomb)) == [("zeros.png", "FILE_TOO_LARGE")]
    unpacked = library._unpacked([UploadedFile("bomb.zip", "", bomb)])
    assert [len(content) for _, content, _ in unpacked] == [1001], "no more is unpacked than is looked at"
    monkeypatch.setattr(library, "LARGEST_UNPACKED", 2500)
    many = zipped({f"{number}.txt": b"a caption " * 80 for number in range(9)})
    assert account.refused(dataset, ("many.zip", many)) == [("many.zip", "INVALID_ZIP")]
    monkeypatch.setattr(library, "_MOST_ENTRIES", 2)
    assert account.refused(dataset, ("many.zip", many)) == [("many.zip", "INVALID_ZIP")]


def test_a_dataset_holds_a_hundred_images(account: Account) -> None:
    dataset = account.new()
    files = [(f"{number}.png", png(number)) for number in range(102)]
    assert account.refused(dataset, *files) == [("100.png", "TOO_MANY_IMAGES"), ("101.png", "TOO_MANY_IMAGES")]
    assert account.refused(dataset, ("7.png", png()), ("100.txt", b"a caption")) == []
    assert account.call("datasets.get", dataset_id=dataset)["file_count"] == 100


def test_a_model_is_trained_and_can_be_used() -> None:
    generate = BY_NAME["v3.generate"]
    with MockServer() as server:
        account = Account(server.url)
        dataset = account.new()
        (shared,) = account.call("models.list")["models"]
        assert (shared["is_owned"], shared["status"]) == (False, "COMPLETED")
        account.upload(dataset, *((f"{number}.png", png(number)) for number in range(14)))
        few = account.call("models.train", expected=400, dataset_id=dataset, model_name="Blue pottery")
        assert "14 images, and a training needs 15" in few["detail"]
        account.upload(dataset, ("14.png", png()))
        for name in ("Blue", "x" * 31, "Blue_pottery", "Blüe pottery"):
            refused = account.call("models.train", expected=400, dataset_id=dataset, model_name=name)
            assert "model_name" in refused["detail"]
        trained = [account.call("models.train", dataset_id=dataset, model_name="Blue - pottery") for _ in range(2)]
        assert trained[0]["training_status"] == "TRAINING"
        assert [exchange.billed for exchange in server.ledger].count(True) == 2, "trainings alone"
        first, second = (each["model_id"] for each in trained)
        model = account.call("models.get", model_id=first)["model"]
        state = model["status"], model["is_available_for_generation"], model["custom_model_uri"]
        assert state == ("TRAINING", False, None)
        uri = "model/blue-pottery/version/2"
        assert shared["custom_model_uri"] == uri.replace("/2", "/1")

        def used(uri: str) -> int:
            return ask(server.url, generate, {}, prompt="a bowl", custom_model_uri=uri).status_code

        assert (used(shared["custom_model_uri"]), used(uri)) == (200, 400)
        wait_until(lambda: account.call("models.get", model_id=second)["model"]["status"] == "COMPLETED")
        models = account.call("models.list", scope="owned")["models"]
        assert [each["custom_model_uri"] for each in models] == [uri, uri.replace("/2", "/3")]
        assert [used(each["custom_model_uri"]) for each in models] == [200, 200]
        assert used("model/unknown/version/1") == 400
        assert account.call("datasets.get", dataset_id=dataset)["custom_model_ids"] == [first, second]
        queries = ({"scope": "shared"}, {"status": ["TRAINING"]}, {"status": ["TRAINING", "COMPLETED"]})
        assert [len(account.call("models.list", **query)["models"]) for query in queries] == [1, 0, 3]
        for name in ("datasets.get", "models.get", "models.train"):
            nobody = {"model_id" if name == "models.get" else "dataset_id": "nobody"}
            more = {"model_name": "Blue pottery"} if name == "models.train" else {}
            assert "nobody" in account.call(name, expected=404, **nobody, **more)["detail"], name
        assert account.send("nobody", ("a.png", png())).status_code == 404
        assert json.dumps([dict(exchange.fields) for exchange in server.ledger])
    with ideogram_mock():
        unknown = {"prompt": "x", "custom_model_uri": "model/of-the-code/version/3"}
        response = ask("https://api.ideogram.ai", generate, {}, **unknown)
        assert response.status_code == 200, "the respx mock does not know the models of the code under test"


def test_large_uploads_are_taken_and_larger_ones_refused(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = account.new()
    large = png(0) + b"\0" * (20 * 1024 * 1024)
    assert account.refused(dataset, *((f"{number}.png", large) for number in range(5))) == [], "100 MB in all"
    monkeypatch.setattr("ideogram_ai.testing.app.LARGEST_UPLOADS", 1_000_000)
    response = account.send(dataset, ("a.png", large))
    assert (response.status_code, "larger than 1000000 bytes" in response.text) == (413, True)
