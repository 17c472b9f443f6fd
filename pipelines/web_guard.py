"""What a page of another site may not ask of the Dagster page: everything but to be linked to.

Dagster's server has no login, and it takes GraphQL from GET, from POST of any content type and from WebSockets of any origin. A
page that a steward visits can therefore start runs on 127.0.0.1 (cross-site request forgery), and a name that is made to point at
127.0.0.1 can read the answers too (DNS rebinding). Both are stopped here, before Dagster sees the request; see docs/adr/0060.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from assets.methods.errors import PipelineError

ORIGINS_VARIABLE = "DID_UI_ORIGINS"
"""Environment variable with the origins that the page is reached at, blanks between; the server doesn't start without it."""
READING = ("GET", "HEAD", "OPTIONS")
SENT_AS = ("application/json", "application/graphql")
"""Content types that a form or a request without CORS can't have: a browser asks the server first, and Dagster says no."""
ELSEWHERE = ("cross-site", "same-site")
OUTSIDE = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::\d{1,5})?")
REFUSED = "Begäran kom inte från Dagsters egen sida och släpptes inte fram. Skriv adressen i webbläsaren.\n"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def page_origins(port: int, outside: str = "") -> tuple[str, ...]:
    """The origins of a page on this computer.

    Args:
        outside: the name, with a port when it isn't 443, that a reverse proxy on this computer serves the page under with TLS.

    Raises:
        PipelineError: `bad_address` when `outside` is no such name.
    """
    here = (f"http://127.0.0.1:{port}", f"http://localhost:{port}")
    if not outside:
        return here
    name = outside.lower().removeprefix("https://").rstrip("/")
    if not OUTSIDE.fullmatch(name):
        hint = "Skriv till exempel --adress did.exempel.se eller --adress did.exempel.se:8443."
        raise PipelineError("bad_address", "Adressen till sidan", "ett värdnamn, eventuellt med port", "något annat", hint)
    return (*here, f"https://{name.removesuffix(':443')}")


def given_origins() -> tuple[str, ...]:
    """The origins in the environment. Raises KeyError when there are none: a page without a guard isn't to be started."""
    return tuple(os.environ[ORIGINS_VARIABLE].split())


class SamePage:
    """ASGI middleware that answers 403 to what the page itself hasn't asked for.

    `Host` has to be one of the page's own names, `Origin` (when there is one) one of its origins, and what is sent has to be of a
    kind that no other site can send. Fetch metadata (W3C, 2021) tells links from other sites, which are let in, from the rest.
    """

    def __init__(self, app: App, origins: tuple[str, ...]) -> None:
        self.app = app
        self.origins = frozenset(origins)
        self.hosts = frozenset(urlsplit(origin).netloc for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._is_own(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": REFUSED.encode()})

    def _is_own(self, scope: Scope) -> bool:
        told = _headers(scope)
        if told is None or told.get("host", "").lower() not in self.hosts:
            return False
        if "origin" in told and told["origin"].lower() not in self.origins:
            return False
        if told.get("sec-fetch-site") in ELSEWHERE and not _is_link(scope, told):
            return False
        return scope["type"] == "websocket" or _is_own_kind(scope, told)


def _headers(scope: Scope) -> dict[str, str] | None:
    """The headers by name in small letters; None when one of those that decide stands twice."""
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    deciding = [name for name, _ in pairs if name in ("host", "origin", "sec-fetch-site", "content-type")]
    return dict(pairs) if len(set(deciding)) == len(deciding) else None


def _is_link(scope: Scope, told: dict[str, str]) -> bool:
    """Whether somebody has followed a link from another page, a report on disk for instance, to a whole page of Dagster."""
    whole = told.get("sec-fetch-mode") == "navigate" and told.get("sec-fetch-dest") == "document"
    return whole and scope.get("method") == "GET"


def _is_own_kind(scope: Scope, told: dict[str, str]) -> bool:
    if scope["method"] in READING:
        return "query" not in parse_qs(scope["query_string"].decode("latin-1")) or not scope["path"].endswith("/graphql")
    return told.get("content-type", "").split(";")[0].strip().lower() in SENT_AS
