"""Reads finished files back and searches them before they may be sealed: bytes in, findings out.

Only `store.py` touches files."""
