"""Servers in processes of their own, which do as little as they can."""
