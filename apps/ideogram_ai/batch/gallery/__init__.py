"""index.html: the images of a batch as a page that opens from disk, with what failed, and why."""

from .pages import write_gallery

__all__ = ["write_gallery"]
