"""What a receiver needs to check a bundle without network: sums that built-in tools read, and how to use them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from assets.bundle.types import CERTIFICATE, ReportMeta

SUMS = f"{CERTIFICATE}/manifest-sha256.txt"
INSTRUCTION = f"{CERTIFICATE}/SA_KONTROLLERAR_DU.txt"


def certificate_files(files: Mapping[str, bytes], folder: str, meta: ReportMeta, place: str = CERTIFICATE) -> dict[str, bytes]:
    """The instruction and the list of sums (`<sha256>  <path>`, as `sha256sum -c` reads it) over all files and the instruction.

    The instruction has a byte order mark and Windows line ends, so that every Notepad shows it right. `manifest.json` is
    written after all others and so can't be in the list; it has the sum of the list instead. `place`: the certificate's folder.
    """
    told = meta.texts["verify"].format(folder=folder, place=place)
    instruction = ("\ufeff" + told).replace("\n", "\r\n").encode("utf-8")
    told_in, listed_in = (name.replace(CERTIFICATE, place) for name in (INSTRUCTION, SUMS))
    listed = {**files, told_in: instruction}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(listed.items()))
    return {told_in: instruction, listed_in: sums.encode("utf-8")}
