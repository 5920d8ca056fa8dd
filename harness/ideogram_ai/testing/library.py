"""The datasets and custom models of the mock server. They are kept in memory, the files themselves are not."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import PurePosixPath
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from attrs import Factory, define, field

from ideogram_ai.contract.problems import RequestRefusedError
from ideogram_ai.contract.view import JsonObject

from .jobs import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ideogram_ai.contract.decoding import UploadedFile

    Values = Mapping[str, Any]

MOST_IMAGES: Final = 100
"""Images of a dataset, from the provider's documentation; what is above is refused with TOO_MANY_IMAGES."""
LEAST_IMAGES: Final = 15
"""Images that a dataset needs before a model is trained on it, from the provider's documentation."""
LARGEST_FILE: Final = 25 * 1024 * 1024
"""Bytes of a file; a larger one is refused with FILE_TOO_LARGE."""
LARGEST_UNPACKED: Final = 1024 * 1024 * 1024
"""Bytes of all files of a ZIP file, unpacked; what is above is refused with INVALID_ZIP."""

_MOST_ENTRIES: Final = 1000  # of a ZIP file
_TRAINING: Final = 1.0  # seconds at least
_USER: Final = "uS3rS0mJQ5ChT2c9rK1xAA"
_CAPTIONS: Final = frozenset({".txt", ".json"})
_LONGEST_CAPTION: Final = 64 * 1024  # bytes
_UNSAFE: Final = "mock-unsafe"
_FAILED: Final = "mock-failed"  # at the first upload
# RuntimeError is raised for encrypted entries and for compressions that are not known.
_UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, ValueError, OSError)


@define
class _Dataset:
    head: JsonObject
    files: dict[str, JsonObject] = Factory(dict[str, Any])  # images by name
    captions: dict[str, str] = Factory(dict[str, str])  # by the name without its suffix
    failed: set[str] = Factory(set[str])  # names of files that failed once


@define
class Library:
    """Keeps datasets and models.

    Attributes:
        latency: Seconds that a training takes, if that is more than one.
        clock: The time in seconds; it never goes back.
        shared: Models of others, as the contract shows them.
    """

    latency: float
    clock: Callable[[], float]
    shared: Sequence[JsonObject] = ()
    _datasets: dict[str, _Dataset] = field(factory=dict[str, _Dataset], init=False)
    _models: dict[str, tuple[JsonObject, float]] = field(factory=dict[str, tuple[Any, float]], init=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    def create_dataset(self, values: Values) -> JsonObject:
        """Make an empty dataset."""
        head = {"dataset_id": new_id(), "name": values["name"], "user_id": _USER, "creation_time": _now()}
        self._datasets[head["dataset_id"]] = _Dataset(head)
        return head

    def list_datasets(self, values: Values) -> JsonObject:
        """List the datasets whose name has all the words that are searched for."""
        words = str(values.get("search", "")).lower().split()
        heads = [dataset.head for dataset in self._datasets.values()]
        return {"datasets": [head for head in heads if all(word in head["name"].lower() for word in words)]}

    def get_dataset(self, values: Values) -> JsonObject:
        """Return a dataset with its images, captions beside them, and its models."""
        dataset = self._dataset(values)
        files = [
            file | {"caption": dataset.captions.get(PurePosixPath(name).stem)}
            for name, file in list(dataset.files.items())  # an upload may go on
        ]
        own = (model for model, _ in self._models.values())
        models = [model["model_id"] for model in own if model["dataset_id"] == values["dataset_id"]]
        return {"dataset": dataset.head, "file_count": len(files), "files": files, "custom_model_ids": models}

    def upload(self, values: Values) -> JsonObject:
        """Take the files that are images, captions, or ZIP files of both. A file of the same name is replaced."""
        dataset = self._dataset(values)
        taken, refused = list[JsonObject](), list[JsonObject]()
        with self._lock:
            for name, content, problem in _unpacked(values["files"]):
                reason = problem or _put(dataset, name, content)
                if reason:
                    refused.append({"file_name": name, "failure_reason": reason})
                elif name in dataset.files:  # captions are neither listed nor counted
                    asset = {"asset_type": "UPLOAD", "asset_id": new_id()}
                    taken.append({"file_name": name, "asset_identifier": asset})
                    dataset.head.setdefault("cover_asset_identifier", asset)
        counts = {"success_count": len(taken), "failure_count": len(refused), "total_count": len(taken) + len(refused)}
        return counts | {"successful_assets": taken, "failed_assets": refused}

    def train(self, values: Values) -> JsonObject:
        """Begin to train a model on a dataset."""
        dataset, name = self._dataset(values), str(values["model_name"])
        if len(dataset.files) < LEAST_IMAGES:
            detail = f"dataset_id: the dataset has {len(dataset.files)} images, and a training needs {LEAST_IMAGES}."
            raise RequestRefusedError(400, detail)
        slug = re.sub("[ -]+", "-", name.lower()).strip("-")
        models = [*self.shared, *(model for model, _ in self._models.values())]
        runs = sum(model["custom_model_uri"].startswith(f"model/{slug}/") for model in models)
        model: JsonObject = {
            "model_id": new_id(),
            "name": name,
            "creation_time": _now(),
            "is_owned": True,
            "custom_model_uri": f"model/{slug}/version/{runs + 1}",
            "dataset_id": values["dataset_id"],
        }
        self._models[model["model_id"]] = (model, self.clock() + max(self.latency, _TRAINING))
        return model | {"training_status": "TRAINING", "model_name": name}

    def list_models(self, values: Values) -> JsonObject:
        """List the models, own ones first, of the scope and the statuses that are asked for."""
        scope, statuses = values.get("scope"), values.get("status")
        models = [model for model in self._all() if scope in {None, "owned" if model["is_owned"] else "shared"}]
        return {"models": [model for model in models if not statuses or model["status"] in statuses]}

    def get_model(self, values: Values) -> JsonObject:
        """Return a model as it stands."""
        found = next((model for model in self._all() if model["model_id"] == values["model_id"]), None)
        if found is None:
            raise RequestRefusedError(404, f"There is no model {values['model_id']}. {_FORGETS}")
        return {"model": found}

    def model_problem(self, uri: str) -> str | None:
        """Return why a custom_model_uri cannot be used; None if it can be."""
        if any(model.get("custom_model_uri") == uri for model in self._all()):
            return None
        return f"there is no model {uri}, or its training is not complete. {_FORGETS}"

    def _all(self) -> Iterator[JsonObject]:
        for model, ends_at in self._models.values():
            is_ready = self.clock() >= ends_at
            state = {"status": "COMPLETED" if is_ready else "TRAINING", "is_available_for_generation": is_ready}
            yield model | state | ({} if is_ready else {"custom_model_uri": None})
        yield from (model | {"is_owned": False, "dataset_id": None} for model in self.shared)

    def _dataset(self, values: Values) -> _Dataset:
        found = self._datasets.get(str(values["dataset_id"]))
        if found is None:
            raise RequestRefusedError(404, f"There is no dataset {values['dataset_id']}. {_FORGETS}")
        return found


_FORGETS: Final = "A mock server forgets its datasets and models when it stops."


def _put(dataset: _Dataset, name: str, content: bytes) -> str | None:
    """Add a file to a dataset, or return the reason that the service gives for not taking it."""
    path, word = PurePosixPath(name), name.lower()
    if len(content) > LARGEST_FILE:
        return "FILE_TOO_LARGE"
    if _FAILED in word and name not in dataset.failed:
        dataset.failed.add(name)
        return "INTERNAL_ERROR"
    if _UNSAFE in word:
        return "FAILED_SAFETY_CHECK"
    if path.suffix.lower() in _CAPTIONS:
        try:
            caption = content.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            caption = ""
        if not caption or len(content) > _LONGEST_CAPTION:
            return "INVALID_CAPTION"
        if _UNSAFE in caption.lower():
            return "FAILED_SAFETY_CHECK"
        dataset.captions[path.stem] = caption
        return None
    from .drawing.reading import image_problem  # noqa: PLC0415 - Pillow is loaded when it is needed

    if image_problem(content):
        return "INVALID_IMAGE"
    if len(dataset.files) >= MOST_IMAGES and name not in dataset.files:
        return "TOO_MANY_IMAGES"
    dataset.files[name] = {"file_name": name, "file_size_bytes": len(content)}
    return None


def _unpacked(files: Sequence[UploadedFile]) -> Iterator[tuple[str, bytes, str | None]]:
    """Yield the name and the bytes of each file, also of those in ZIP files, and why it could not be unpacked."""
    for file in files:
        name = _base_name(file.name)
        if not (name.lower().endswith(".zip") or file.content.startswith(b"PK\x03\x04")):
            yield name, file.content, None
            continue
        try:
            with zipfile.ZipFile(BytesIO(file.content)) as archive:
                yield from _entries(name, archive)
        except (zipfile.BadZipFile, ValueError, OSError):
            yield name, b"", "INVALID_ZIP"


def _entries(zip_name: str, archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes, str | None]]:
    """Yield the entries of a ZIP file. Folders and hidden files are left out, and nothing is written to the disk."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_hidden(entry.filename)]
    if not entries or len(entries) > _MOST_ENTRIES:
        yield zip_name, b"", "INVALID_ZIP"
        return
    size = 0
    for entry in entries:
        try:
            with archive.open(entry) as file:  # what its head says of its size is not believed
                content = file.read(LARGEST_FILE + 1)
        except _UNREADABLE:
            yield _base_name(entry.filename), b"", "INVALID_ZIP"
            continue
        size += len(content)
        if size > LARGEST_UNPACKED:
            yield zip_name, b"", "INVALID_ZIP"
            return
        yield _base_name(entry.filename), content, None


def _is_hidden(name: str) -> bool:
    return any((part.startswith(".") and part.strip(".")) or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _base_name(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
