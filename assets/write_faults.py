"""What the operating system says of a file that can't be written or read, in Swedish, and what to do about it."""

from __future__ import annotations

import errno

from assets.methods.errors import PipelineError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
SAYS = {
    **dict.fromkeys(FULL, "en full disk"),
    **dict.fromkeys((errno.EACCES, errno.EPERM), "en plats som är stängd för dig"),
    errno.EROFS: "en disk som bara går att läsa",
    errno.EBUSY: "en fil som ett annat program har öppen",
}
MAKE_ROOM = "Frigör utrymme och kör igen; det som var klart finns kvar."


def why(error: OSError) -> str:
    """What came instead, for the sentence of a PipelineError."""
    return SAYS.get(error.errno or 0) or error.strerror or "ett fel från filsystemet"


def not_written(code: str, where: str, error: OSError, hint: str) -> PipelineError:
    """The error of a writer.

    Args:
        hint: what to do when it isn't a full disk.
    """
    return PipelineError(code, where, "en mapp som går att skriva i", why(error), MAKE_ROOM if error.errno in FULL else hint)
