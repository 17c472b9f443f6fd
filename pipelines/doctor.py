"""`did doctor`: what is wrong with this machine, and what to do about it, in plain Swedish.

Standard library only at the top, so that it also runs before anything is installed. Every check is a function that returns
findings; a finding that stops the demo makes the exit code 1.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from assets.hygiene.permissions import open_to_others, supported
from assets.methods.errors import count_sv
from assets.write_faults import why
from pipelines.console import number
from pipelines.paths import Paths

OLDEST_PYTHON = (3, 11)
DISK_STOP_GB = 1.0
DISK_NOTE_GB = 3.0
BOOTSTRAP_ONLY = {"uv"}
"""Packages the lock holds for the installation itself; the chain runs without them."""


@dataclass(frozen=True)
class Finding:
    """One line of the examination.

    Args:
        mark: "ok", "stop" (the demo can't run) or "note" (works, but something is missing or worth knowing).
        text: what was found.
        remedy: what to do, as a request; empty when there is nothing to do.
    """

    mark: str
    text: str
    remedy: str = ""


def check_python(version: tuple[int, ...] | None = None) -> list[Finding]:
    """Is this Python new enough?"""
    have = tuple(version or sys.version_info[:3])
    text = "Python " + ".".join(str(part) for part in have[:3])
    if have[:2] < OLDEST_PYTHON:
        need = ".".join(str(part) for part in OLDEST_PYTHON)
        return [Finding("stop", f"{text} är för gammal", f"Installera Python {need} eller nyare.")]
    return [Finding("ok", text)]


def locked_versions(lock_text: str) -> dict[str, str]:
    """Package -> version for the packages every machine gets (lines without a marker after the version)."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+) \\$", lock_text, flags=re.MULTILINE)
    return {name: version for name, version in found if name not in BOOTSTRAP_ONLY}


def check_packages(lock: Path) -> list[Finding]:
    """Are the installed packages the ones the lock names?"""
    if not lock.exists():
        return [Finding("stop", f"{lock.name} saknas", "Hämta projektet på nytt: filen hör till det.")]
    wanted = locked_versions(lock.read_text(encoding="utf-8"))
    missing, other = [], []
    for name, version in wanted.items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if installed != version:
            other.append(f"{name} {installed} i stället för {version}")
    if not missing and not other:
        return [Finding("ok", f"Alla {len(wanted)} paket har den låsta versionen")]
    remedy = "Kör make setup (Windows: py start.py setup)."
    if len(missing) > len(wanted) / 2:
        return [Finding("stop", f"Paketen är inte installerade än ({len(missing)} av {len(wanted)} saknas)", remedy)]
    findings = []
    if missing:
        findings.append(Finding("stop", f"{len(missing)} av {len(wanted)} paket är inte installerade ({_some(missing)})", remedy))
    if other:
        findings.append(Finding("stop", f"{len(other)} paket har fel version ({_some(other)})", remedy))
    return findings


def check_disk(home: Path, free: int | None = None) -> list[Finding]:
    """Is there room for the warehouse and the bundles?"""
    gigabytes = (shutil.disk_usage(_existing(home)).free if free is None else free) / 1e9
    text = f"{number(gigabytes)} GB ledigt på disken"
    if gigabytes < DISK_STOP_GB:
        return [Finding("stop", f"Bara {text}", f"Frigör minst {number(DISK_NOTE_GB)} GB.")]
    if gigabytes < DISK_NOTE_GB:
        return [Finding("note", text, "Det räcker till en körning, men frigör gärna mer.")]
    return [Finding("ok", text)]


def check_write(home: Path) -> list[Finding]:
    """Can we write in the data folder?"""
    probe = home / f".skrivprov-{os.getpid()}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"prov")
        probe.unlink()
    except OSError as problem:
        remedy = "Ge dig själv skrivrätt till mappen, eller peka ut en annan med miljövariabeln DID_HOME."
        return [Finding("stop", f"Det går inte att skriva i {home} ({why(problem)})", remedy)]
    return [Finding("ok", f"Mappen {home} går att skriva i")]


def check_permissions(home: Path) -> list[Finding]:
    """Can anybody but the owner read the pupils' answers?"""
    if not supported():
        text = "På Windows har filerna i datamappen samma behörigheter som mappen de ligger i; did ändrar dem inte"
        return [Finding("note", text, f"Låt bara dig själv ha åtkomst till {home} (Egenskaper, Säkerhet).")]
    loose = open_to_others(home)
    if not loose:
        return [Finding("ok", "Bara du kan läsa det som ligger i datamappen")]
    names = ", ".join(path.name for path in loose)
    remedy = "Starta om Dagster-sidan, eller kör make kor, så stängs de. Hör de till en annan: byt ägare till dig själv först."
    return [Finding("note", f"Andra på datorn kan läsa {names} i {home}", remedy)]


def check_warehouse(home: Path) -> list[Finding]:
    """Does another process hold the DuckDB file, or is it damaged?"""
    warehouse = Paths(home).warehouse
    if not warehouse.exists():
        return [Finding("ok", f"Lagret {warehouse} finns inte än; första körningen skapar det")]
    try:
        import duckdb
    except ModuleNotFoundError:
        return [Finding("note", "Lagret kan inte undersökas förrän paketen är installerade")]
    try:
        duckdb.connect(str(warehouse), read_only=True).close()
    except duckdb.Error as problem:
        return [warehouse_finding(warehouse, str(problem))]
    return [Finding("ok", f"Lagret {warehouse} är ledigt och går att läsa")]


def warehouse_finding(warehouse: Path, message: str) -> Finding:
    """DuckDB's own words for a refused connection, as a finding."""
    holder = re.search(r"PID (\d+)", message)
    if holder or "lock" in message.lower() or "being used by another process" in message.lower():
        who = f"process {holder.group(1)}" if holder else "ett annat program"
        return Finding("stop", f"Lagret {warehouse} är upptaget av {who}", "Stäng det programmet och kör igen.")
    remedy = "Flytta undan filen data/warehouse.duckdb och kör igen; lagret byggs om från arkivet och inkorgen."
    return Finding(
        "stop", "Lagret data/warehouse.duckdb går inte att öppna; filen är skadad eller skriven av en annan version", remedy
    )


def check_inbox(home: Path) -> list[Finding]:
    """What lies in the inbox, and was anything set aside?"""
    paths = Paths(home)
    if not paths.surveys.is_dir():
        return [Finding("ok", f"Inkorgen {paths.surveys} finns inte än; make demo skapar och fyller den")]
    surveys, registers = (_count_files(folder) for folder in (paths.surveys, paths.registers))
    counted = f"{count_sv(surveys, 'leverans', 'leveranser')} och {count_sv(registers, 'registerfil', 'registerfiler')}"
    text = f"I inkorgen {paths.surveys.parent}: {counted}"
    forms = _count_files(paths.forms)
    findings = [Finding("ok", f"{text}, {number(forms)} formulär" if forms else text)]
    rejected = _count_files(paths.rejected, without=".txt")
    if rejected:
        remedy = "Läs textfilen bredvid varje fil: den säger vad som är fel och vad du gör."
        findings.append(Finding("note", f"{count_sv(rejected, 'avvisad fil', 'avvisade filer')} i {paths.rejected}", remedy))
    return findings


def check_browser() -> list[Finding]:
    """Chromium is used by the tests only."""
    if shutil.which("chromium"):
        return [Finding("ok", "Chromium finns (används bara av testerna)")]
    return [Finding("note", "Chromium saknas; det behövs bara för webbläsartesterna", "På Debian: sudo apt install chromium")]


def check_port(port: int = 3333) -> list[Finding]:
    """Is the port of the Dagster page free?"""
    with socket.socket() as probe:
        probe.settimeout(1)
        busy = probe.connect_ex(("127.0.0.1", port)) == 0
    if busy:
        return [
            Finding(
                "note",
                f"Port {port} används redan",
                f"Är det Dagster: öppna http://127.0.0.1:{port}. Annars: make ui ARGS='--port 3334'",
            )
        ]
    return [Finding("ok", f"Port {port} är ledig för Dagster")]


def check_clock(home: Path) -> list[Finding]:
    """Has the clock been set back since the last run?"""
    from assets.methods.errors import PipelineError
    from pipelines.clock_back import clock_set_back

    try:
        wrong = clock_set_back(Paths(home))
    except (ModuleNotFoundError, PipelineError):
        return []  # the packages, or the warehouse, have a finding of their own
    if wrong:
        return [Finding("note", f"{wrong.where}: väntade {wrong.expected}, fick {wrong.got}", wrong.hint)]
    return [Finding("ok", "Datorns klocka är inte före den senaste körningen")]


def examine(root: Path, home: Path, *, page: bool = False) -> list[Finding]:
    """All checks in the order a person mends them.

    Args:
        page: asked from the Dagster page, which holds its port itself; what only the tests need is left out too.
    """
    checks: Iterable[Callable[[], list[Finding]]] = (
        check_python,
        lambda: check_packages(root / "requirements.lock"),
        lambda: check_disk(home),
        lambda: check_write(home),
        lambda: check_permissions(home),
        lambda: check_warehouse(home),
        lambda: check_clock(home),
        lambda: check_inbox(home),
        *(() if page else (check_browser, check_port)),
    )
    return [finding for check in checks for finding in check()]


def report(findings: list[Finding]) -> str:
    """The findings as lines, and one closing sentence."""
    marks = {"ok": "✓", "stop": "✗", "note": "–"}
    lines = []
    for finding in findings:
        lines.append(f"{marks[finding.mark]} {finding.text}")
        if finding.remedy:
            lines.append(f"    {finding.remedy}")
    return "\n".join([*lines, "", closing(findings)])


def closing(findings: list[Finding]) -> str:
    """Whether something has to be mended, in one sentence."""
    stops = sum(finding.mark == "stop" for finding in findings)
    return "Allt som behövs finns." if not stops else f"{number(stops)} sak{'er' if stops > 1 else ''} måste åtgärdas först."


def main(root: Path, home: Path) -> int:
    """Print the examination; 1 when something stops the demo."""
    findings = examine(root, home)
    sys.stdout.write(report(findings) + "\n")
    return 1 if any(finding.mark == "stop" for finding in findings) else 0


def _some(names: list[str], most: int = 3) -> str:
    """The first few names and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" och {rest} till" if rest > 0 else "")


def _existing(path: Path) -> Path:
    """The nearest folder above `path` that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _count_files(folder: Path, without: str = "") -> int:
    """Files a person put there: hidden ones and those ending with `without` are not counted."""
    if not folder.is_dir():
        return 0
    files = [path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    return sum(not (without and name.endswith(without)) for name in files)
