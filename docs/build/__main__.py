"""python -m docs.build [FOLDER]      (or `make docs`): write the documentation's pages, to `site/` unless told otherwise."""

from __future__ import annotations

import sys
from pathlib import Path

from docs.build.pages import BrokenLink
from docs.build.site import write_site

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """0 when the site is written, 2 when a document has a link that leads nowhere."""
    try:
        first = write_site(ROOT, Path(arguments[0]) if arguments else ROOT / "site")
    except BrokenLink as error:
        sys.stderr.write(f"{error}. Rätta länken och kör kommandot igen.\n")
        return 2
    sys.stdout.write(f"Öppna {first}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
