"""Copies the client and what it is generated from into the package of a program that has it for its own."""
