"""Ask a parser process to read a file, so that a damaged file can crash or hang that process but never the run.

A process is started at the first request, serves following ones and ends with this program; after a crash or a timeout the next
request starts a new one. Two requests at once have a process each. Answers come through a pipe: no pupil's answer is written
outside the data folder.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import polars as pl

PROCESSES = min(2, os.cpu_count() or 1)
PROGRAM = Path(__file__).with_name("parser_worker.py")


@dataclass
class ParserFailed(Exception):
    """The file could not be read: `damaged` (the library says so), `crashed`, or `slow` (longer than allowed)."""

    kind: Literal["damaged", "crashed", "slow"]


@dataclass(frozen=True)
class Parsed:
    """Tables of text columns and what the format says about them (see `parser_worker.py`)."""

    about: dict[str, Any]
    tables: list[pl.DataFrame]


class _Parser:
    """The parser process; one request at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def ask(self, kind: str, path: Path, seconds: float) -> Parsed:
        with self._lock:
            process = self._running()
            late = threading.Event()

            def stop() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(seconds, stop)
            timer.daemon = True
            timer.start()
            try:
                return _answer(process, json.dumps({"kind": kind, "path": str(path)}))
            except EOFError:
                self.close()
                raise ParserFailed("slow" if late.is_set() else "crashed") from None
            finally:
                timer.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            command = [sys.executable, "-P", "-X", "utf8", str(PROGRAM)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return self._process

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                pipe.close()
            except OSError:  # what was still to be sent to a process that has ended
                continue
        self._process = None


class _Parsers:
    """As many parser processes as are worth having; each serves one request at a time and the others wait their turn."""

    def __init__(self, number: int) -> None:
        self.all = [_Parser() for _ in range(number)]
        self._idle: queue.LifoQueue[_Parser] = queue.LifoQueue()  # the one that has just served is warm
        for parser in self.all:
            self._idle.put(parser)

    def ask(self, kind: str, path: Path, seconds: float) -> Parsed:
        parser = self._idle.get()
        try:
            return parser.ask(kind, path, seconds)
        finally:
            self._idle.put(parser)

    def close(self) -> None:
        """End the processes."""
        for parser in self.all:
            parser.close()


@lru_cache(maxsize=1)
def _parsers() -> _Parsers:
    parsers = _Parsers(PROCESSES)
    atexit.register(parsers.close)
    return parsers


def parse(kind: Literal["sav", "dta", "xlsx"], path: Path, seconds: float) -> Parsed:
    """Read a file in the parser process.

    Raises:
        ParserFailed: see there.
    """
    return _parsers().ask(kind, path.resolve(), seconds)


def _answer(process: subprocess.Popen[bytes], request: str) -> Parsed:
    try:
        process.stdin.write(request.encode() + b"\n")
        process.stdin.flush()
    except OSError:
        raise EOFError from None
    about = json.loads(_exactly(process, int.from_bytes(_exactly(process, 8), "big")))
    if "error" in about:
        raise ParserFailed(about["error"])
    tables = [pl.read_ipc_stream(io.BytesIO(_exactly(process, length))) for length in about["lengths"]]
    return Parsed(about, tables)


def _exactly(process: subprocess.Popen[bytes], length: int) -> bytes:
    content = process.stdout.read(length)
    if len(content) < length:
        raise EOFError
    return content
