"""Draws the images of the mock server with Pillow."""

from .picture import draw_png

__all__ = ("draw_png",)
