"""The guard of the Dagster page: what other sites may not ask of it, with Starlette's own server objects and Dagster's class."""

from __future__ import annotations

import asyncio

import pytest

from assets.methods.errors import PipelineError
from pipelines import web_guard, webserver, workplace
from pipelines.web_guard import SamePage, page_origins

ORIGINS = page_origins(3333, "did.exempel.se")
JSON = {"content-type": "application/json"}
HERE = {"host": "127.0.0.1:3333"}
OUTSIDE = {"host": "did.exempel.se"}


def answer(headers, method="GET", path="/graphql", query="", kind="http"):
    """True when the request reaches Dagster; False when it is refused."""
    reached, sent = [], []

    async def dagster(scope, receive, send):
        reached.append(scope["path"])

    async def send(message):
        sent.append(message)

    pairs = [(name.encode(), value.encode()) for name, value in (headers.items() if isinstance(headers, dict) else headers)]
    scope = {"type": kind, "method": method, "path": path, "query_string": query.encode(), "headers": pairs}
    asyncio.run(SamePage(dagster, ORIGINS)(scope, None, send))
    if reached:
        assert not sent
        return True
    assert sent[0] == {"type": "websocket.close", "code": 1008} if kind == "websocket" else sent[0]["status"] == 403
    return False


@pytest.mark.parametrize(
    "headers",
    [
        HERE,
        {"host": "localhost:3333"},
        OUTSIDE,
        HERE | {"origin": "http://127.0.0.1:3333", "sec-fetch-site": "same-origin"},
        OUTSIDE | {"origin": "https://did.exempel.se", "sec-fetch-site": "same-origin"},
        HERE | {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
    ],
)
def test_the_page_itself_is_let_in(headers):
    assert answer(headers, path="/runs")
    assert answer(headers, kind="websocket")
    assert answer(headers | JSON, "POST")


def test_a_link_from_a_report_on_disk_opens_the_page_but_no_frame():
    link = HERE | {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert answer(link, path="/runs")
    assert not answer(link | {"sec-fetch-dest": "iframe"}, path="/runs")
    assert not answer(link | JSON, "POST")
    assert not answer(link, query="query=mutation{x}")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "rebound.example:3333"},
        {"host": "127.0.0.1"},
        {"host": "127.0.0.1:3333.example"},
        HERE | {"origin": "https://other.example"},
        HERE | {"origin": "null"},
        HERE | {"origin": "http://127.0.0.1:8000"},
        OUTSIDE | {"origin": "http://did.exempel.se"},
        HERE | {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        HERE | {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
        [("host", "127.0.0.1:3333"), ("host", "other.example")],
    ],
)
def test_other_sites_and_other_names_are_refused(headers):
    assert not answer(headers, path="/runs")
    assert not answer(headers, kind="websocket")
    assert not answer([*(headers.items() if isinstance(headers, dict) else headers), *JSON.items()], "POST")


@pytest.mark.parametrize("sent_as", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_what_a_form_of_another_site_can_send_is_refused_everywhere(sent_as):
    """Dagster itself runs a mutation that stands in the address of such a POST, and of a GET."""
    asked = HERE | ({"content-type": sent_as} if sent_as else {})
    assert not answer(asked, "POST", query="query=mutation{x}")
    assert not answer(asked, "POST", path="/report_asset_check/release")
    assert not answer(HERE, "GET", query="query=mutation{x}")
    assert answer(HERE, "GET", path="/graphql")


def test_dagsters_server_gets_the_guard_first(monkeypatch):
    from dagster_webserver.webserver import DagsterWebserver

    own = DagsterWebserver.build_middleware
    monkeypatch.setattr(DagsterWebserver, "build_middleware", own)
    monkeypatch.setenv(web_guard.ORIGINS_VARIABLE, " ".join(ORIGINS))
    webserver.guard()
    first, *rest = DagsterWebserver.build_middleware(object.__new__(DagsterWebserver))
    assert first.cls is SamePage
    assert first.kwargs == {"origins": ORIGINS}
    assert [part.cls for part in rest] == [part.cls for part in own(object.__new__(DagsterWebserver))]
    monkeypatch.delenv(web_guard.ORIGINS_VARIABLE)
    with pytest.raises(KeyError):
        webserver.guard()


def test_dagster_dev_starts_the_guarded_server(monkeypatch):
    from dagster._cli import dev

    started = []
    monkeypatch.setattr(dev, "open_ipc_subprocess", lambda parts, **options: started.append(parts))
    workplace.with_guard()
    dev.open_ipc_subprocess(["python", "-m", "dagster_webserver", "-p", "1"], pass_fds=[3])
    dev.open_ipc_subprocess(["python", "-m", "dagster._daemon", "run"])
    assert started == [["python", "-m", "pipelines.webserver", "-p", "1"], ["python", "-m", "dagster._daemon", "run"]]


def test_the_name_that_a_proxy_uses():
    assert page_origins(3333) == ("http://127.0.0.1:3333", "http://localhost:3333")
    assert page_origins(3333, "https://Did.Exempel.se/")[2] == "https://did.exempel.se"
    assert page_origins(3333, "did.exempel.se:8443")[2] == "https://did.exempel.se:8443"
    assert page_origins(3333, "did.exempel.se:443")[2] == "https://did.exempel.se"
    for wrong in ("http://did.exempel.se", "did", "a b.se", "did.se/x", "*.se", "did.se:abc", "<script>.se"):
        with pytest.raises(PipelineError, match="Adressen till sidan"):
            page_origins(3333, wrong)
