"""What `zipfile` raises for an archive that is damaged, locked or packed in a way that it doesn't know.

The library has no error class for that: a flipped byte may show as a bad signature, a length that runs past the end, a broken
stream of any of the four compressions, or an unknown version (found by flipping every byte of small archives).
"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

DIRECTORY_FAULTS = (zipfile.BadZipFile, struct.error, NotImplementedError, ValueError)
"""When the list of what is in the archive is read."""
ENTRY_FAULTS = (*DIRECTORY_FAULTS, RuntimeError, EOFError, OSError, zlib.error, lzma.LZMAError)
"""When a file in it is unpacked: RuntimeError is a password, OSError a broken bzip2 stream (or the disk)."""
