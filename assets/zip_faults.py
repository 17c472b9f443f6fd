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
"""When the list of what is in the archive is read.

ValueError is a name marked as UTF-8 that isn't (UnicodeDecodeError) and, when a file in it is read, a place before the archive's
start ("negative seek value"); NotImplementedError is a version above 6.3, or a packing that the library doesn't know.
"""
UNPACK_FAULTS = (*DIRECTORY_FAULTS, RuntimeError, EOFError, zlib.error, lzma.LZMAError)
"""When a file in it is unpacked, where the disk may fail too and has a sentence of its own; RuntimeError is a password."""
ENTRY_FAULTS = (*UNPACK_FAULTS, OSError)
"""When a file in it is unpacked: OSError is a broken bzip2 stream (or the disk)."""
