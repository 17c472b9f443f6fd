"""`make audit`: what the locked packages are allowed to be, and what is known about faults in them.

Without a network: each line of requirements.lock is a version with hashes, and each licence is one of `licences.toml`. With one:
pip-audit, run by uv outside the environment, compares the lock with the database of known vulnerabilities. What couldn't be
compared is told as a fault: silence would read as an all-clear.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK, LICENCES = ROOT / "requirements.lock", ROOT / "licences.toml"
PIP_AUDIT = "pip-audit==2.10.1"
TIMEOUT = 900
NO_ANSWER, FAULTS = 2, 1
UNREACHED = (
    "Databasen över kända säkerhetshål gick inte att nå: inget paket är jämfört med den. Det som står ovan om licenser och "
    "kontrollsummor gäller ändå. Kör igen på en dator som når internet."
)
_ENTRY = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^\s;\\]+)[^\n]*\n(?P<hashes>(?:    --hash=[^\n]+\n?)*)", re.MULTILINE)
_LONGEST_NAME = 60
"""A licence field longer than this is the licence's text and not its name."""


@dataclass(frozen=True)
class Locked:
    """A package of the lock."""

    name: str
    version: str
    hashes: int


def locked(text: str) -> list[Locked]:
    """The packages of a lock, in order."""
    return [Locked(one["name"], one["version"], one["hashes"].count("--hash=sha256:")) for one in _ENTRY.finditer(text)]


def licence_of(told: Message, written: Mapping[str, str]) -> str:
    """The licence that a package's metadata tells, as an SPDX expression; "" when it tells none that can be read.

    Order: the expression (PEP 639), the classifiers, then a short licence field.
    """
    expression = told.get("License-Expression")
    if expression:
        return str(expression)
    classes = [str(line).split(" :: ")[-1] for line in told.get_all("Classifier", []) if str(line).startswith("License ::")]
    known = [written[name] for name in classes if name in written]
    if known:
        return " OR ".join(dict.fromkeys(known))
    field = str(told.get("License") or "").strip()
    name = written.get(field, field)
    return name if len(name) <= _LONGEST_NAME and "\n" not in name else ""


def is_allowed(expression: str, allowed: Sequence[str]) -> bool:
    """Whether an SPDX expression without brackets can be followed with allowed licences only (SPDX 3.0, annex B)."""
    ways = expression.split(" OR ")
    return any(all(part.strip() in allowed for part in way.split(" AND ")) for way in ways)


def licences(packages: Sequence[Locked], rules: Mapping[str, Any], told: Callable[[str], Message]) -> dict[str, str]:
    """Licence per package, "" when nobody has told it. `told`: a package's metadata, PackageNotFoundError when not installed."""
    found = {}
    for package in packages:
        if package.name in rules["told"]:
            found[package.name] = rules["told"][package.name]["licence"]
            continue
        try:
            found[package.name] = licence_of(told(package.name), rules["written"])
        except PackageNotFoundError:
            found[package.name] = ""
    return found


def problems(packages: Sequence[Locked], rules: Mapping[str, Any], told: Callable[[str], Message]) -> list[str]:
    """What doesn't hold without a network, a Swedish sentence each."""
    found = [
        f"{package.name} {package.version} saknar kontrollsumma i requirements.lock."
        for package in packages
        if not package.hashes
    ]
    for name, licence in licences(packages, rules, told).items():
        if not is_allowed(licence, rules["allowed"]):
            found.append(f"{name} har licensen {licence or 'okänd'}, som inte är tillåten i licences.toml.")
    names = {package.name for package in packages}
    found += [f"{name} står i licences.toml men inte i requirements.lock." for name in sorted(set(rules["told"]) - names)]
    return found


def vulnerabilities(answer: str) -> tuple[list[str], list[str], int]:
    """What pip-audit's JSON says: sentences about known faults, names that it couldn't look up, and how many it could.

    Raises:
        ValueError: it is no such answer.
    """
    dependencies = json.loads(answer)["dependencies"]
    skipped = [one["name"] for one in dependencies if "skip_reason" in one]
    known = [
        f"{one['name']} {one['version']}: {fault['id']}, rättat i {', '.join(fault['fix_versions']) or 'ingen version än'}."
        for one in dependencies
        for fault in one.get("vulns", [])
    ]
    return known, skipped, len(dependencies) - len(skipped)


def ask_pip_audit() -> str:
    """pip-audit's answer about the lock as JSON; "" when it couldn't be run or didn't answer."""
    uv = Path(sys.executable).with_name("uv.exe" if sys.platform == "win32" else "uv")
    words = [str(uv), "tool", "run", "--quiet", PIP_AUDIT, "--requirement", str(LOCK), "--disable-pip", "--require-hashes"]
    words += ["--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False, timeout=TIMEOUT)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def main() -> int:
    """0 when all holds, 1 when something has to be mended, 2 when the network gave no answer and the rest holds."""
    packages, rules = locked(LOCK.read_text(encoding="utf-8")), tomllib.loads(LICENCES.read_text(encoding="utf-8"))
    found = problems(packages, rules, metadata)
    for sentence in found:
        sys.stdout.write(f"✗ {sentence}\n")
    if not found:
        sys.stdout.write(f"✓ {len(packages)} paket har kontrollsumma och en tillåten licens.\n")
    sys.stdout.write("Frågar databasen över kända säkerhetshål ...\n")
    sys.stdout.flush()
    try:
        known, skipped, compared = vulnerabilities(ask_pip_audit())
    except (ValueError, KeyError, TypeError):
        known, skipped, compared = [], [], 0
    for sentence in known:
        sys.stdout.write(f"✗ {sentence} Kör make lock ARGS=--upgrade och testerna.\n")
    if not compared:
        sys.stdout.write(f"✗ {UNREACHED}\n")
    elif skipped:
        sys.stdout.write(f"✗ {len(skipped)} paket gick inte att slå upp; försök igen med en dator som når internet.\n")
    elif not known:
        sys.stdout.write(f"✓ Inga kända säkerhetshål i {compared} paket.\n")
    return FAULTS if found or known else NO_ANSWER if skipped or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
