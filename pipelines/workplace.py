"""`python -m pipelines.workplace`: what `dagster dev` starts, with the guarded webserver in the place of Dagster's own.

Dagster has no setting for the webserver's module, so the one place where it is named is changed. Before `did ui` says that the
page is open it asks for something that the guard refuses: a Dagster that starts its server in another way is not used.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from dagster._cli import dev, main

from pipelines.ends_with_parent import end_with_parent

DAGSTERS, OURS = "dagster_webserver", "pipelines.webserver"


def with_guard() -> None:
    """Let `dagster dev` start our webserver."""
    start = dev.open_ipc_subprocess

    def guarded(parts: Sequence[str], **options: Any) -> Any:
        return start([OURS if part == DAGSTERS else part for part in parts], **options)

    dev.open_ipc_subprocess = guarded


if __name__ == "__main__":
    end_with_parent()
    with_guard()
    sys.exit(main())
