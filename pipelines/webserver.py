"""`python -m pipelines.webserver`: Dagster's webserver with the same words as its own, behind `pipelines/web_guard.py`."""

from __future__ import annotations

import sys

from dagster_webserver.cli import main
from dagster_webserver.webserver import DagsterWebserver
from starlette.middleware import Middleware

from pipelines.ends_with_parent import end_with_parent
from pipelines.web_guard import SamePage, given_origins


def guard() -> None:
    """Put the guard before all that Dagster's server answers. Raises KeyError without `DID_UI_ORIGINS`."""
    origins, inner = given_origins(), DagsterWebserver.build_middleware

    def build_middleware(self: DagsterWebserver) -> list[Middleware]:
        return [Middleware(SamePage, origins=origins), *inner(self)]

    DagsterWebserver.build_middleware = build_middleware  # type: ignore[method-assign]


if __name__ == "__main__":
    if "--read-only" in sys.argv:  # started by `did ui` itself
        end_with_parent()
    guard()
    sys.exit(main())
