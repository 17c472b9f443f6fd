"""Verdicts that a pass has already made: rules are tried when a table is written and once more before its rows are promoted.

The second time reads the rows anew, and is answered from the first only when they, the rules and the parameters are the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import polars as pl

from assets.methods.plain_content import plain_text

Found = TypeVar("Found")
_kept: list[dict[str, object]] = []
"""One for each pass that this process is in; nothing is kept outside of one."""


@contextmanager
def kept_outcomes() -> Iterator[None]:
    """Keep the verdicts until the end of the pass."""
    _kept.append({})
    try:
        yield
    finally:
        _kept.pop()


def kept_or_judged(frames: Iterable[pl.DataFrame], judged_by: object, judge: Callable[[], Found]) -> Found:
    """What `judge` gives for the frames, or gave for the same ones earlier in the pass.

    Args:
        judged_by: rules and parameters; plain data (`assets/methods/plain_content.py`).
    """
    if not _kept:
        return judge()
    key = _key(frames, judged_by)
    if key not in _kept[-1]:
        _kept[-1][key] = judge()
    return _kept[-1][key]  # type: ignore[return-value]  # what this key was given


def _key(frames: Iterable[pl.DataFrame], judged_by: object) -> str:
    digest = hashlib.sha256(plain_text(judged_by).encode())
    for frame in frames:
        digest.update(frame.rechunk().write_ipc(None, compat_level=pl.CompatLevel.oldest()).getbuffer())
    return digest.hexdigest()
