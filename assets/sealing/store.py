"""Files of approval and publication: bundles are read, decisions kept, sealed archives appear whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

from assets import whole_files
from assets.methods.errors import PipelineError
from assets.sealing.approvals import Approval, State, approval_bytes, make_approval, require_counts, standing
from assets.sealing.archive import LARGEST_ARCHIVE, LARGEST_SUM, MOST_FILES
from assets.sealing.bundle import Bundle, as_bundle
from assets.sealing.form import form_text
from assets.sealing.gates import Whole
from assets.sealing.manifest import CERTIFICATE, FOLDER, NAME, shown
from assets.sealing.verify import Known, Verified, verify_archive, verify_files
from assets.write_faults import not_written, why
from pipelines.paths import Paths

LOCK = ".publicera.las"
LATEST = date(9999, 12, 31)
MOST_DECISIONS = 99
SHOWN = 6
"""So many names are offered for one that isn't there."""


def bundle_folders(paths: Paths, wave: int) -> list[Path]:
    """Finished bundles of a wave in `reports/`, by name; a folder without a certificate isn't finished."""
    root = paths.reports / str(wave)
    if not root.is_dir():
        return []
    named = [p for p in root.iterdir() if p.is_dir() and FOLDER.fullmatch(p.name)]
    return sorted(p for p in named if any(CERTIFICATE.fullmatch(m.parent.name) for m in p.glob(f"*_intyg/{NAME}")))


def find_bundle(paths: Paths, name: str) -> Path:
    """The folder of a bundle by its name, whatever its wave.

    Raises:
        PipelineError: `no_bundle`.
    """
    wanted = name.strip().rstrip("/\\").removesuffix(".zip")
    wanted = wanted.replace("\\", "/").rsplit("/", 1)[-1]
    found = [p for p in paths.reports.glob("*/") if FOLDER.fullmatch(wanted) and (p / wanted).is_dir()]
    if not found:
        where, got = (f"Paketet {shown(wanted)}", "inget med det namnet") if wanted else ("Fältet paket", "inget namn")
        raise PipelineError("no_bundle", where, "ett paket i reports/", got, _names_like(paths, wanted))
    return found[0] / wanted


def _names_like(paths: Paths, typed: str) -> str:
    """What to write instead: the names of bundles that have what was typed in them (`Botkyrka`), of all when nothing was."""
    word = typed.strip().casefold().translate(str.maketrans("åäöé ", "aaoe_"))
    folders = (p for p in sorted(paths.reports.glob("*/*/")) if FOLDER.fullmatch(p.name))
    like = [p.name for p in folders if word in p.name]
    if not like:
        return "Skriv mappens namn som det står i reports/, till exempel 0127_botkyrka_2024_v1.0_intern."
    more = f" och {len(like) - SHOWN} till" if len(like) > SHOWN else ""
    return f"Skriv ett av de här namnen: {', '.join(like[:SHOWN])}{more}."


def read_bundle(folder: Path) -> Bundle:
    """A bundle's files with their content.

    Raises:
        PipelineError: `unfinished_bundle`, `bad_manifest`, `bad_bundle_folder` (links, too large, unreadable) or
            `renamed_bundle`.
    """
    bundle = as_bundle(read_folder(folder), f"Paketet {shown(folder.name)}")
    if bundle.manifest.bundle != folder.name:
        hint = "Ge mappen tillbaka sitt namn, eller gör paketet på nytt."
        raise PipelineError("renamed_bundle", f"Paketet {shown(folder.name)}", "intygets eget namn på mappen", "ett annat", hint)
    return bundle


def read_folder(folder: Path) -> dict[str, bytes]:
    """Path with `/` -> content of every file below a folder. Raises PipelineError `bad_bundle_folder`."""
    where, hint = f"Mappen {shown(folder.name)}", "Packa upp paketet på nytt i en tom mapp."
    files: dict[str, bytes] = {}
    total = 0
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise PipelineError("bad_bundle_folder", where, "vanliga filer", "en länk eller något annat", hint)
            if path.is_dir():
                continue
            total += path.stat().st_size
            if len(files) >= MOST_FILES or total > LARGEST_SUM:
                raise PipelineError("bad_bundle_folder", where, "ett paket", "fler eller större filer än ett paket kan ha", hint)
            files[path.relative_to(folder).as_posix()] = path.read_bytes()
    except OSError as error:
        raise PipelineError("bad_bundle_folder", where, "filer som går att läsa", why(error), hint) from error
    return files


def verify_path(path: Path, known: Known) -> Verified:
    """Check a sealed zip or an unpacked folder. Raises PipelineError `no_such_bundle`."""
    if path.is_dir():
        return verify_files(read_folder(path), known)
    try:
        if path.stat().st_size > LARGEST_ARCHIVE:
            raise PipelineError("no_such_bundle", shown(path.name), "ett paket", "en för stor fil", "Hämta paketet på nytt.")
        return verify_archive(path.read_bytes(), known)
    except OSError:
        hint = "Kontrollera namnet och kör igen."
        raise PipelineError("no_such_bundle", shown(str(path)), "en zip-fil eller mapp", "inget som går att läsa", hint) from None


def kept_approvals(paths: Paths, manifest_sha256: str) -> list[Approval]:
    """The decisions about a manifest, in the order in which they came. Raises PipelineError `bad_kept_approval`."""
    folder = paths.approvals / manifest_sha256
    return [_kept(path, manifest_sha256) for path in sorted(folder.glob("[0-9][0-9].json"))]


def has_earlier(paths: Paths, bundle: Bundle) -> bool:
    """Whether somebody has decided about another manifest of the same bundle; a damaged decision about another tells nothing."""
    for path in paths.approvals.glob("*/01.json"):
        if path.parent.name == bundle.manifest.sha256:
            continue
        try:
            if _kept(path, path.parent.name).paket == bundle.manifest.bundle:
                return True
        except PipelineError:
            continue
    return False


def keep_approval(paths: Paths, approval: Approval) -> State:
    """Record a decision about a bundle as it lies in `reports/` now, and say what the decisions add up to.

    The same decision a second time changes nothing, so a run that was broken off can be made again.

    Raises:
        PipelineError: whatever makes the decision worth nothing (`require_counts`), or a bundle that isn't whole.
    """
    folder = find_bundle(paths, approval.paket)
    bundle = read_bundle(folder)
    broken = _broken(bundle)
    if broken:
        hint = "Gör paketet på nytt och granska det; en ändrad fil upphäver godkännandena."
        raise PipelineError("changed_bundle", f"Paketet {approval.paket}", "filer som intyget säger", broken, hint)
    by, sha = bundle.manifest.prepared_by, bundle.manifest.sha256
    with decisions_alone(paths, sha):
        kept = kept_approvals(paths, sha)
        if approval not in kept:
            require_counts(approval, bundle.manifest_bytes, by, kept)
            _require_not_out(paths, bundle)
            if len(kept) >= MOST_DECISIONS:
                got = "fler"
                raise PipelineError(
                    "too_many_decisions", f"Paketet {approval.paket}", "högst 99 beslut", got, "Gör paketet på nytt."
                )
            put(paths.approvals / sha / f"{len(kept) + 1:02d}.json", approval_bytes([approval]))
        return standing(bundle.manifest_bytes, by, kept_approvals(paths, sha)).state


@contextmanager
def decisions_alone(paths: Paths, manifest_sha256: str) -> Iterator[None]:
    """Within it no decision about the manifest is recorded by anybody else: a publication goes by those that it has seen.

    Raises:
        PipelineError: `publishing_now`: a publication or another decision has held it for long.
    """
    folder = paths.approvals / manifest_sha256
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(whole_files.alone(folder))
        except TimeoutError:
            raise _going_on() from None
        yield


def _require_not_out(paths: Paths, bundle: Bundle) -> None:
    """Raise PipelineError `already_out`: a decision about what has gone out would say something that isn't so."""
    if published_archive(paths, bundle).exists():
        raise PipelineError(
            "already_out", f"Paketet {bundle.manifest.bundle}", "ett paket som inte är utgivet", "ett som är utgivet",
            "Beslutet sparades inte. Ska något ändras görs paketet på nytt med en ny version.",
        )  # fmt: skip


def write_form(paths: Paths, folder: Path, manifest: Path) -> Path:
    """A ready approval file beside the preview: `utgivning/<wave>/<bundle>_godkannande.yml`, with the sum of `manifest` in it."""
    target = paths.releases / folder.parent.name / f"{folder.name}_godkannande.yml"
    content = form_text(folder.name, manifest.read_bytes()).encode("utf-8")
    if not target.is_file() or target.read_bytes() != content:
        put(target, content)
    return target


def published_archive(paths: Paths, bundle: Bundle) -> Path:
    """Where the bundle's sealed archive lies, or will lie."""
    return paths.published / str(bundle.manifest.wave) / f"{bundle.manifest.bundle}.zip"


def put(path: Path, content: bytes) -> None:
    """Write a file as one step. Raises PipelineError `write_failed`."""
    try:
        whole_files.put(path, content)
    except OSError as error:
        raise not_written("write_failed", str(path), error, "Kontrollera mappen och kör igen.") from error


def read_start(path: Path, most: int) -> bytes:
    """The first bytes of a file, at most so many. Raises PipelineError `unreadable`."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError:
        hint = "Kontrollera filens rättigheter och lägg den på nytt."
        raise PipelineError("unreadable", shown(path.name), "en fil som går att läsa", "något annat", hint) from None


@contextmanager
def only_one(paths: Paths) -> Iterator[None]:
    """Keep a second publication in the same data folder out; a crash lets go of it. Raises PipelineError `publishing_now`."""
    with (paths.root / LOCK).open("ab") as file:
        if not whole_files.try_lock(file):
            raise _going_on()
        yield


def _going_on() -> PipelineError:
    hint = "Vänta tills den är klar och kör igen."
    return PipelineError("publishing_now", "Utgivningen", "en åt gången", "en till som redan pågår", hint)


def forget(path: Path) -> None:
    """Remove an unfinished file."""
    path.unlink(missing_ok=True)


def _broken(bundle: Bundle) -> str:
    wrong: Sequence[str] = Whole().check(bundle)
    return wrong[0] if wrong else ""


def _kept(path: Path, sha: str) -> Approval:
    try:
        rows = json.loads(path.read_bytes())
        approval = make_approval(rows[0], path.name, LATEST)
        if len(rows) == 1 and approval.manifest_sha256 == sha and approval_bytes([approval]) == path.read_bytes():
            return approval
    except (OSError, ValueError, TypeError, LookupError, AttributeError, PipelineError):
        pass
    hint = "Lägg tillbaka säkerhetskopian av mappen godkannanden, eller ta bort filen och låt personen godkänna på nytt."
    where = f"godkannanden/{sha[:12]}…/{path.name}"
    raise PipelineError("bad_kept_approval", where, "ett helt godkännande", "en ändrad fil", hint)
