"""A local server that answers as Kolada and SCB do, from recorded pages, and misbehaves on request. Only on 127.0.0.1.

Kolada: `/v3/...` serves the recorded pages in tests/data/kolada (their values are real; the envelope is rebuilt from the API's
description) cut to the ids of the question, SCB: `/scb/...` the recordings in tests/data/scb. Anything else is 404.
"""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[1] / "data"
TITLES = {
    "N15428": "Elever i åk 9 som är behöriga till yrkesprogram, hemkommun, andel (%)",
    "N09890": "Elever i musik- eller kulturskola, 6-15 år, andel (%)",
}


@lru_cache(maxsize=1)
def kolada_records() -> list[dict[str, Any]]:
    """The recorded values, as the API nests them."""
    pages = sorted((DATA / "kolada").glob("page*.json"))
    return [record for page in pages for record in json.loads(page.read_text(encoding="utf-8"))["values"]]


def recording(name: str) -> dict[str, Any]:
    """A recorded answer of SCB."""
    return json.loads((DATA / "scb" / f"{name}.json").read_text(encoding="utf-8"))


@dataclass
class Behaviour:
    """What the server does wrong, and what it has been asked.

    Attributes:
        statuses: status codes to answer with, first to last, before it behaves (429 and 500 for instance).
        retry_after: the header that goes with them.
        truncate: cut the JSON in half and still claim its whole length (`length`) or not (`json`).
        hang: seconds to wait before answering.
        empty_from_page: pages from this one on come empty though they were promised.
        circle: every page says that page 2 comes next.
        per_page: rows per page, whatever is asked for.
        titles: what the key figures are called.
        records: Kolada's values.
        link: how the next page is told: `url`, `query` or `next_page` (v2).
        fail_after: after this many answered questions the server only gives 500 (None: never).
        config, metadata, data: SCB's answers.
        paths: every path with its query that was asked for, in order. bodies: every posted body.
    """

    statuses: list[int] = field(default_factory=list)
    retry_after: str | None = None
    truncate: str = ""
    hang: float = 0.0
    empty_from_page: int | None = None
    circle: bool = False
    per_page: int | None = None
    titles: dict[str, str] = field(default_factory=lambda: dict(TITLES))
    records: list[dict[str, Any]] = field(default_factory=kolada_records)
    link: str = "url"
    fail_after: int | None = None
    config: dict[str, Any] = field(default_factory=lambda: recording("config"))
    metadata: dict[str, Any] = field(default_factory=lambda: recording("TAB6471_metadata"))
    data: dict[str, Any] | None = None
    paths: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def count(self, part: str) -> int:
        """How many questions had this text in their path."""
        return sum(part in path for path in self.paths)

    @property
    def repeated(self) -> list[str]:
        """Paths asked for more than once."""
        return [path for path, times in Counter(self.paths).items() if times > 1]


@contextmanager
def recorded_server(behaviour: Behaviour | None = None) -> Iterator[tuple[str, Behaviour]]:
    """Serve until the block ends; gives the address without path and the behaviour, which may be changed on the way."""
    what = behaviour or Behaviour()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(what))
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", what
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def _handler(what: Behaviour) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            self._answer(json.loads(self.rfile.read(length)))

        def _answer(self, body: dict[str, Any] | None) -> None:
            what.paths.append(self.path)
            if body is not None:
                what.bodies.append(body)
            if what.hang:
                threading.Event().wait(what.hang)
            if what.statuses:
                self._send(what.statuses.pop(0), {"title": "fel"})
            elif what.fail_after is not None and len(what.paths) > what.fail_after:
                self._send(500, {"title": "fel"})
            else:
                self._send(*route(what, self.path, body))

        def _send(self, status: int, content: dict[str, Any]) -> None:
            data = json.dumps(content, ensure_ascii=False).encode()
            length = len(data)
            if what.truncate and status == 200:
                data = data[: len(data) // 2]
                length = length if what.truncate == "length" else len(data)
            try:
                self.send_response(status)
                if status != 200 and what.retry_after is not None:
                    self.send_header("Retry-After", what.retry_after)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client has stopped waiting

    return Handler


def route(what: Behaviour, target: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
    """Status and answer to a question."""
    split = urllib.parse.urlsplit(target)
    parts = split.path.strip("/").split("/")
    query = dict(urllib.parse.parse_qsl(split.query))
    if parts[0] == "v3":
        return 200, _page(what, _kolada(what, parts[1:]), target, query)
    if parts[0] == "scb":
        return _scb(what, parts[1:], body)
    return 404, {"title": "Not Found"}


def _kolada(what: Behaviour, parts: list[str]) -> list[dict[str, Any]]:
    if parts[0] == "data":  # data/kpi/{}/municipality/{}/year/{}
        asked = {name: set(ids.split(",")) for name, ids in zip(parts[1::2], parts[2::2], strict=True)}
        if any(len(ids) > 25 for ids in asked.values()):
            return []
        return [
            r
            for r in what.records
            if r["kpi"] in asked["kpi"] and r["municipality"] in asked["municipality"] and str(r["period"]) in asked["year"]
        ]
    if parts[0] == "kpi":
        return [{"id": key, "title": what.titles[key]} for key in parts[1].split(",") if key in what.titles]
    towns = sorted({r["municipality"] for r in what.records})
    return [{"id": code, "title": f"Kommun {code}", "type": "K"} for code in towns]


def _page(what: Behaviour, rows: list[dict[str, Any]], target: str, query: dict[str, str]) -> dict[str, Any]:
    size = what.per_page or int(query.get("per_page", "5000"))
    page = int(query.get("page", "1"))
    part = rows[(page - 1) * size : page * size]
    if what.empty_from_page is not None and page >= what.empty_from_page:
        part = []
    more = page * size < len(rows)
    following = 2 if what.circle else page + 1
    link: object = None
    if more or what.circle:
        text = f"page={following}&per_page={size}"
        link = {"url": f"http://somewhere.else/v3?{text}", "query": text, "next_page": following}[what.link]
    key = "next_page" if what.link == "next_page" else "next_url"
    return {"values": part, "count": len(part), key: link, "previous_url": None}


def _scb(what: Behaviour, parts: list[str], body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
    if parts == ["config"]:
        return 200, what.config
    if len(parts) == 3 and parts[2] == "metadata":
        return 200, what.metadata
    if len(parts) == 3 and parts[2] == "data" and body is not None:
        return 200, what.data if what.data is not None else invented_data(what.metadata, body)
    return 404, {"title": "Not Found"}


def invented_data(metadata: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """A json-stat2 answer to a selection, with invented values: dense, a running number from 100."""
    chosen = {s["variableCode"]: s["valueCodes"] for s in body["selection"]}
    names = [name for name in metadata["id"] if name in chosen]
    sizes = [len(chosen[name]) for name in names]
    cells = 1
    for size in sizes:
        cells *= size
    values: list[int | None] = list(range(100, 100 + cells))
    dimensions = {
        name: {
            "label": metadata["dimension"][name]["label"],
            "category": {
                "index": {code: place for place, code in enumerate(chosen[name])},
                "label": {code: metadata["dimension"][name]["category"]["label"][code] for code in chosen[name]},
            },
        }
        for name in names
    }
    return {
        "version": "2.0",
        "class": "dataset",
        "updated": "2026-02-21T07:00:00Z",
        "id": names,
        "size": sizes,
        "dimension": dimensions,
        "value": values,
    }


def small_metadata(label: str, dimensions: dict[str, dict[str, str]], eliminated: tuple[str, ...] = ()) -> dict[str, Any]:
    """Invented metadata of a table: dimension -> code -> label."""
    return {
        "label": label,
        "id": list(dimensions),
        "dimension": {
            name: {"label": name.casefold(), "category": {"label": codes}, "extension": {"elimination": name in eliminated}}
            for name, codes in dimensions.items()
        },
    }
