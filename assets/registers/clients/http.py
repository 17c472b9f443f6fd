"""JSON over HTTP for open registers: paced, patient with a busy source, and able to go on where an interrupted run stopped.

Only Python's standard library. A source that doesn't answer, refuses or sends something unreadable becomes one `PipelineError`;
what happens to the data already held is up to the caller (`vintage.py` leaves it as it is).
"""

from __future__ import annotations

import hashlib
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from assets.methods.errors import PipelineError

USER_AGENT = "data-i-dialog"
LONGEST_WAIT = 120.0
"""Seconds that a source may ask us to wait before the run says so and stops."""
LARGEST_ANSWER = 200_000_000
_CHUNK = 1 << 16


class _Transient(Exception):
    """Worth another try. `code`: what it is when all tries end so. `wait`: seconds the source asked for, or None."""

    def __init__(self, code: str, text: str, wait: float | None = None) -> None:
        super().__init__(text)
        self.code, self.wait = code, wait


@dataclass
class Pace:
    """At most `calls` calls in any `seconds` seconds."""

    calls: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _made: deque[float] = field(default_factory=deque)

    def wait(self) -> None:
        """Sleep until one more call is allowed, and count it."""
        while True:
            now = self.clock()
            while self._made and now - self._made[0] >= self.seconds:
                self._made.popleft()
            if len(self._made) < self.calls:
                self._made.append(now)
                return
            self.sleep(self.seconds - (now - self._made[0]))


@dataclass(frozen=True)
class PageCache:
    """Answers on disk, one file per question, each with its address and the day it was fetched.

    The folder belongs to one day: an interrupted run goes on from it, and answers of different days never meet.
    """

    folder: Path
    retrieved: str

    def get(self, key: str) -> dict[str, Any] | None:
        """The stored answer; None when there is none or the file is damaged."""
        try:
            return json.loads(self._path(key).read_text(encoding="utf-8"))["answer"]
        except (FileNotFoundError, json.JSONDecodeError, KeyError, UnicodeDecodeError):
            return None

    def put(self, key: str, answer: Mapping[str, Any]) -> None:
        """Store an answer; a half-written file never gets the name."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".del")
        text = json.dumps({"question": key, "retrieved": self.retrieved, "answer": answer}, ensure_ascii=False)
        half.write_text(text, encoding="utf-8")
        half.replace(path)

    def clear(self) -> None:
        """Forget the day's answers."""
        for path in (self.folder / self.retrieved).glob("*.json"):
            path.unlink()

    def _path(self, key: str) -> Path:
        return self.folder / self.retrieved / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


@dataclass
class Fetcher:
    """Asks one source.

    Args:
        name: what people call the source ("Kolada").
        base_url: http or https, without the last slash.
        cache: where answers are kept; None keeps none.
        timeout: seconds without a byte before a try is given up; a whole answer may take four times that.
        attempts: tries per question.
        pace: how fast we may ask; None = as fast as we can.
        sleep: waits between tries.
    """

    name: str
    base_url: str
    cache: PageCache | None = None
    timeout: float = 30.0
    attempts: int = 4
    pace: Pace | None = None
    sleep: Callable[[float], None] = time.sleep
    asked: int = 0
    """Questions that went out on the network, tries included."""

    def __post_init__(self) -> None:
        self.base_url = self.base_url.rstrip("/")
        if not self.base_url.startswith(("https://", "http://")):
            raise PipelineError(
                "bad_address", self.name, "en adress som börjar med https://", "något annat", "Kontrollera --bas-url."
            )

    def json(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        accept: Callable[[dict[str, Any]], bool] = lambda answer: True,
    ) -> dict[str, Any]:
        """The answer to one question, from the cache if it has been asked today.

        Args:
            path: below the base address, beginning with a slash.
            query, body: parameters; with a body the question is a POST.
            accept: False for an answer that isn't what the source promises; it is tried again and never cached.

        Raises:
            PipelineError: `source_silent`, `source_busy`, `source_refused`, `bad_answer`.
        """
        url = self.base_url + path + (f"?{urllib.parse.urlencode(query, safe=',')}" if query else "")
        key = url if body is None else f"{url} {json.dumps(body, sort_keys=True, ensure_ascii=False)}"
        held = self.cache.get(key) if self.cache else None
        if held is not None:
            return held
        answer = self._patiently(url, body, accept)
        if self.cache:
            self.cache.put(key, answer)
        return answer

    def _patiently(self, url: str, body: Mapping[str, Any] | None, accept: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        last = _Transient("source_silent", "inget svar")
        for attempt in range(self.attempts):
            if self.pace:
                self.pace.wait()
            self.asked += 1
            try:
                return self._once(url, body, accept)
            except _Transient as trouble:
                last = trouble
                wait = trouble.wait if trouble.wait is not None else float(2**attempt)
                if wait > LONGEST_WAIT:
                    raise self._error("source_busy", f"svaret att vi ska vänta {wait:.0f} sekunder") from trouble
                if attempt + 1 < self.attempts:
                    self.sleep(wait)
        raise self._error(last.code, f"{last} vid {self.attempts} försök") from last

    def _once(self, url: str, body: Mapping[str, Any] | None, accept: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(url, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                answer = json.loads(self._read(response))
        except urllib.error.HTTPError as error:
            with error:
                raise self._status(error.code, error.headers.get("Retry-After")) from error
        except (TimeoutError, urllib.error.URLError, ConnectionError, http.client.HTTPException) as error:
            broken = isinstance(error, http.client.IncompleteRead)
            raise (_broken() if broken else _Transient("source_silent", "inget svar")) from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise _Transient("bad_answer", "ett svar som inte gick att läsa") from error
        if not isinstance(answer, dict) or not accept(answer):
            raise _Transient("bad_answer", "ett svar av okänd form")
        return answer

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        parts, size, until = [], 0, time.monotonic() + 4 * self.timeout
        while part := response.read(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > LARGEST_ANSWER or time.monotonic() > until:
                raise _Transient("bad_answer", "ett svar som aldrig tog slut")
        expected = response.headers.get("Content-Length")
        if expected and expected.isdigit() and size < int(expected):
            raise _broken()
        return b"".join(parts)

    def _status(self, status: int, retry_after: str | None) -> Exception:
        if status == 429:
            return _Transient("source_busy", "svaret att vi frågar för ofta", seconds_to_wait(retry_after))
        if status >= 500:
            return _Transient("source_silent", f"felkod {status}", seconds_to_wait(retry_after))
        return self._error("source_refused", f"felkod {status}")

    def _error(self, code: str, got: str) -> PipelineError:
        return PipelineError(code, f"{self.name} ({self.base_url})", "ett svar", got, "Försök igen senare.")


def _broken() -> _Transient:
    return _Transient("bad_answer", "ett svar som bröts mitt i")


def seconds_to_wait(header: str | None, now: Callable[[], float] = time.time) -> float | None:
    """`Retry-After` as seconds: a number or an HTTP date; None when there is none or it can't be read."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now())
    except ValueError:
        return None
