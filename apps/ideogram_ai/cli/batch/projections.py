"""Writes what can be read of a batch: the manifest and the gallery, both made of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ideogram_ai.batch.gallery import write_gallery
from ideogram_ai.batch.manifest import MANIFEST_NAME, write_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ideogram_ai.batch.job import Job


def write_projections(job: Job, *, gallery: bool, free: bool) -> tuple[Mapping[str, str], str | None]:
    """Write the manifest and the gallery.

    Args:
        job: The batch.
        gallery: Whether the gallery is wanted.
        free: Whether this is a rehearsal, which costs nothing.

    Returns:
        The names of the files by what they are, and why one is not there.
    """
    files: dict[str, str] = {}
    unwritten: list[str] = []
    try:
        # First what programs go by.
        for what, name in (("manifest", MANIFEST_NAME), *([("gallery", "index.html")] if gallery else [])):
            try:
                if what == "manifest":
                    write_manifest(job.store, job.outcomes())
                else:
                    write_gallery(job.store, job.outcomes(), free=free)
                files[what] = name
            except Exception as error:  # noqa: BLE001 - whatever it is, the images are none the worse
                unwritten.append(str(error))
    except KeyboardInterrupt:
        return files, "Interrupted while the manifest and the gallery were written; the same command writes them."
    files = {what: files[what] for what in ("gallery", "manifest") if what in files}
    if not unwritten:
        return files, None
    known = "" if job.unrecorded else ", and the ledger has it all"
    return files, f"The manifest or the gallery is not written{known}: {' '.join(dict.fromkeys(unwritten))}"
