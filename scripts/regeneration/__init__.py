"""The parts of regenerate.py: read the contract, generate a tree, prove it, lock it, swap it in."""
