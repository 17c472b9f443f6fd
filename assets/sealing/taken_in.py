"""Approval files in the inbox: taken in, or set aside with the sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from assets.intake.names import shown_name
from assets.intake.receive import file_hash, inbox_files, set_aside
from assets.methods.errors import PipelineError
from assets.sealing.approval_file import LARGEST, SUFFIXES, read_approval
from assets.sealing.approvals import State, make_approval
from assets.sealing.store import find_bundle, forget, keep_approval, read_bundle, read_start
from pipelines.paths import Paths

IN_THE_JOB = "Fyll i fältet i jobbet godkann och starta det igen."


@dataclass(frozen=True)
class TakenIn:
    """What became of the files: lines for those that count now, sentences for those that were set aside."""

    kept: tuple[str, ...]
    refused: tuple[str, ...]


def take_in(paths: Paths, today: date) -> TakenIn:
    """Take in every file in `inbox/godkannanden/`.

    A file that counts is recorded and removed; any other is moved to `inbox/avvisade/` untouched with its sentence beside it. The
    files are taken in the order of their names.

    Raises:
        PipelineError: a kept decision is damaged, or a publication is going on; nothing is moved then.
    """
    kept, refused = [], []
    for path in inbox_files(paths.approvals_inbox):
        try:
            state = _one(paths, path, today)
        except PipelineError as error:
            if error.code in {"bad_kept_approval", "write_failed", "publishing_now"}:
                raise
            sentence, name = set_aside(path, paths.rejected, error, file_hash(path)).sentence, shown_name(path.name)
            refused.append(sentence if sentence.startswith(name) else f"{name}: {sentence}")
            continue
        forget(path)
        kept.append(f"{shown_name(path.name)}: {state.value}")
    return TakenIn(tuple(kept), tuple(refused))


def approve(paths: Paths, today: date, *, paket: str, namn: str, roll: str, skal: str, beslut: str) -> tuple[str, State]:
    """Record a decision about a bundle as it lies in `reports/` now, and say its name and its state after that.

    Raises:
        PipelineError: no such bundle, or a decision that can't count.
    """
    folder = find_bundle(paths, paket)
    manifest = read_bundle(folder).manifest
    fields = {
        "paket": manifest.bundle, "manifest_sha256": manifest.sha256, "beslut": beslut.strip().lower(), "namn": namn,
        "roll": roll, "skal": skal, "datum": today.isoformat(),
    }  # fmt: skip
    approval = make_approval(fields, f"Beslutet om {manifest.bundle}", today, IN_THE_JOB)
    return manifest.bundle, keep_approval(paths, approval)


def _one(paths: Paths, path: Path, today: date) -> State:
    name = shown_name(path.name)
    if path.suffix.lower() not in SUFFIXES:
        hint = "Använd mallen som ligger bredvid paketet i utgivning/."
        raise PipelineError("bad_approval_file", name, f"en fil som slutar på {', '.join(SUFFIXES)}", "något annat", hint)
    return keep_approval(paths, read_approval(read_start(path, LARGEST + 1), name, today))
