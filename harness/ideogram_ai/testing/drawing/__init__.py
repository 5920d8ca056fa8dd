"""Draws and reads the mock server's images. Needs Pillow, and for drawing the fonts of the extra `testing`."""

from .rendering import draw_png

__all__ = ("draw_png",)
