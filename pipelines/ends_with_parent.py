"""A page whose `did ui` is killed ends too: otherwise it goes on with nobody to stop it, and a second one beside it is let in.

`did ui` holds the other end of the standard input and never writes; however it ends, the operating system closes it.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
from threading import Thread

STDIN = 0


def end_with_parent() -> None:
    """From now on, stop as for Ctrl-C when the process that holds the other end of the standard input is gone."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # who started the program may ignore it, and that is inherited
    Thread(target=_wait, name="ends-with-parent", daemon=True).start()


def _wait() -> None:
    while os.read(STDIN, 1):  # not sys.stdin: a thread that waits there would hold its lock when Python ends
        pass
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        os.killpg(0, signal.SIGTERM)  # the whole session, as `did ui` does when it stops
