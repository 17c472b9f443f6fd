"""Approval by two persons, the seal over a publication, and the receiver's check of it.

`store.py` and `keys.py` alone touch files.
"""
