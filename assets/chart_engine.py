"""vl-convert, which draws the charts, with the typefaces that it brings and none of the computer's.

A text's width is measured before it is placed, some hundred times a chart. A typeface of the computer's is a file that is opened
and mapped anew for each measurement, two fifths of a chart's cpu; those that come with the package lie in memory. They are the
same on every computer, too: a picture doesn't depend on which version of Liberation Sans is installed (docs/adr/0031).
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from threading import Lock
from types import ModuleType

ASKED = "FONTCONFIG_FILE"
"""Where vl-convert looks for the computer's typefaces, on systems that have fontconfig."""
NO_OTHERS = Path(__file__).with_name("chart_fonts.conf")
NOTHING = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
_once = Lock()


def chart_engine() -> ModuleType:
    """The package `vl_convert`, ready to draw. The process's environment is as it was."""
    with _once:  # or another thread would find our setting and take it for the computer's
        return _made_ready()


@cache
def _made_ready() -> ModuleType:
    import vl_convert

    theirs = os.environ.get(ASKED)
    os.environ[ASKED] = str(NO_OTHERS)
    try:
        vl_convert.svg_to_png(NOTHING)  # typefaces are looked for once in a process, when it draws the first time
    finally:
        if theirs is None:
            del os.environ[ASKED]
        else:
            os.environ[ASKED] = theirs
    return vl_convert
