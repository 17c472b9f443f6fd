"""The chart library of the pages: Vega, Vega-Lite and vega-embed as one script without imports, from the locked vl-convert.

Its making costs about three seconds, so a process does it once.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

VEGA_LITE_VERSION = "6.4"


@lru_cache(maxsize=1)
def library() -> str:
    """The script's text. It defines `vegaEmbed`; run with `ast: true` it needs no `eval`.

    Raises:
        ValueError: the text would end its own script element.
    """
    import vl_convert

    text = vl_convert.javascript_bundle(vl_version=VEGA_LITE_VERSION)
    if "</script" in text.lower() or "<!--" in text or "\r" in text:
        raise ValueError("the chart library can't stand inside a page")
    return text


def source_hash(script: str) -> str:
    """A script's text as a source expression of the content security policy: only this very text may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
