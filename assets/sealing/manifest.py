"""The part of a bundle's certificate that approval, seal and check need."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from assets.methods.errors import PipelineError

NAME = "manifest.json"
APPROVALS, SEAL = "godkannanden.json", "sigill.json"
CRATE = "ro-crate-metadata.json"
CERTIFICATE = re.compile(r"[0-9]_intyg")
SHA = re.compile(r"[0-9a-f]{64}")
FOLDER = re.compile(r"[0-9a-z][0-9A-Za-z._-]{0,149}")


@dataclass(frozen=True)
class Manifest:
    """What the certificate says. `content`: the certificate as parsed. `sha256`: of its bytes. `files`: path -> SHA-256."""

    bundle: str
    sha256: str
    files: Mapping[str, str]
    content: Mapping[str, object]

    @property
    def prepared_by(self) -> str:
        """Who prepared the run, or empty."""
        return self.text("prepared_by")

    @property
    def wave(self) -> int:
        """The survey's wave."""
        return int(str(self.content["wave"]))

    @property
    def release(self) -> Mapping[str, object]:
        """What the certificate says about the release, or nothing."""
        return self.part("release")

    def text(self, name: str) -> str:
        """A field as text; empty when it isn't there."""
        value = self.content.get(name)
        return value if isinstance(value, str) else ""

    def part(self, name: str) -> Mapping[str, object]:
        """A field that holds fields; empty when it isn't there."""
        value = self.content.get(name)
        return value if isinstance(value, dict) else {}


def read_manifest(content: bytes, where: str) -> Manifest:
    """The certificate's parts.

    Raises:
        PipelineError: `bad_manifest`, when it isn't a certificate of a bundle.
    """
    hint = "Gör paketet på nytt, eller hämta det på nytt från den som skickade det."
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        raise PipelineError("bad_manifest", where, "ett intyg som går att läsa", "en skadad manifest.json", hint) from None
    files = parsed.get("files") if isinstance(parsed, dict) else None
    bundle = parsed.get("bundle") if isinstance(parsed, dict) else None
    named = isinstance(bundle, str) and FOLDER.fullmatch(bundle)
    whole = isinstance(files, dict) and all(isinstance(sha, str) and SHA.fullmatch(sha) for sha in files.values())
    if not named or not whole or not files or not isinstance(parsed.get("wave"), int):
        raise PipelineError("bad_manifest", where, "paketets namn, mättillfälle och en summa per fil", "ett intyg utan dem", hint)
    return Manifest(bundle, hashlib.sha256(content).hexdigest(), files, parsed)


def certificate_of(names: Mapping[str, bytes] | Mapping[str, str], where: str) -> str:
    """The folder of the certificate among the files of a bundle: `7_intyg` of a report, `5_intyg` of a kit.

    Raises:
        PipelineError: `unfinished_bundle`, when there is none or more than one.
    """
    heads = {name.removesuffix(f"/{NAME}") for name in names if name.endswith(f"/{NAME}")}
    found = sorted(head for head in heads if CERTIFICATE.fullmatch(head))
    if len(found) != 1:
        got, hint = "flera" if found else "inget", "Gör paketet på nytt; ett paket utan intyg är inte färdigt."
        raise PipelineError("unfinished_bundle", where, "ett intyg (7_intyg/manifest.json)", got, hint)
    return found[0]


def faults_of_files(files: Mapping[str, bytes], manifest: Manifest, beside: frozenset[str]) -> list[str]:
    """A sentence for each file that is changed, missing or too much. `beside`: names that the certificate can't list."""
    expected = manifest.files.keys() | beside
    changed = sorted(n for n, sha in manifest.files.items() if n in files and hashlib.sha256(files[n]).hexdigest() != sha)
    return [
        *(f"Ändrad: {name}" for name in changed),
        *(f"Saknas: {name}" for name in sorted(expected - files.keys())),
        *(f"Finns inte i intyget: {shown(name)}" for name in sorted(files.keys() - expected)),
    ]


def shown(name: str) -> str:
    """A file name from outside, as it can be printed in a terminal."""
    return "".join(c if c.isprintable() else "?" for c in name)[:200]
