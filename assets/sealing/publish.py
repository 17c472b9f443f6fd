"""Let a bundle go: gates, seal, register, and one rename.

The order makes every crash safe. The sealed archive is written beside its place; then the register is told; then the archive
takes its place. Broken off before the register: nothing is published, and the unfinished file is written anew. Broken off after:
the register has the entry, and the next run finds it there, makes the same bytes and takes the place. So the register always
knows at least what has gone out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assets import whole_files
from assets.methods.errors import PipelineError
from assets.sealing import store
from assets.sealing.approvals import Standing, State, standing
from assets.sealing.bundle import Bundle, sealed_archive
from assets.sealing.gates import Gate, Register, Whole, first_closed
from assets.sealing.verify import Known, verify_archive
from assets.write_faults import not_written
from pipelines.paths import Paths

WHOLE = Whole()


@dataclass(frozen=True)
class Step:
    """Where a bundle is on its way out. `stopped`: sentences of what stops it. `archive`: the sealed zip when it is out."""

    bundle: str
    state: State
    stopped: tuple[str, ...] = ()
    archive: Path | None = None
    new: bool = False


def state_of(paths: Paths, folder: Path) -> Step:
    """A bundle's state as it lies now; nothing is written. Raises PipelineError as `store.read_bundle` and `_is_out`."""
    return _look(paths, folder)[0]


def publish(paths: Paths, folder: Path, key: Callable[[], Ed25519PrivateKey], gates: Sequence[Gate], register: Register) -> Step:
    """Seal and publish one bundle if two persons have approved it and every gate is open.

    Args:
        folder: the preview in `reports/`.
        key: gives the key that seals; asked only when something is sealed.
        gates: conditions on the bundle, in order.
        register: is asked for conflicts after the gates, and told before the archive takes its place.

    Raises:
        PipelineError: the bundle, a kept approval, the key or the register can't be used, or another publication is going on;
            nothing is left behind.
    """
    step = state_of(paths, folder)
    if step.state is not State.APPROVED:
        return step
    with store.only_one(paths):
        return _publish(paths, folder, key, gates, register)


def _publish(paths: Paths, folder: Path, key: Callable[[], Ed25519PrivateKey], gates: Sequence[Gate], register: Register) -> Step:
    step, bundle = _look(paths, folder)
    if step.state is not State.APPROVED:
        return step
    if stopped := first_closed(bundle, gates):
        return Step(step.bundle, State.APPROVED, stopped)
    if conflicts := register.conflicts(bundle):
        return Step(step.bundle, State.APPROVED, tuple(f"Utgivningsregistret: {sentence}" for sentence in conflicts))
    private = key()
    with store.decisions_alone(paths, bundle.manifest.sha256):
        decided = _decided(paths, bundle)  # somebody may have refused it while the gates were looked through
        if decided.state is not State.APPROVED:
            return Step(step.bundle, decided.state)
        return _let_out(paths, bundle, _sealed(bundle, decided, private), register)


def _let_out(paths: Paths, bundle: Bundle, sealed: bytes, register: Register) -> Step:
    """Tell the register, and let the archive take its place. Raises PipelineError; nothing unfinished is left then."""
    place = store.published_archive(paths, bundle)
    half = whole_files.half_of(place)
    try:
        whole_files.write_half(place, sealed)
        register.append(bundle)
        whole_files.take_place(half, place)
    except OSError as error:
        store.forget(half)
        raise not_written("publish_failed", str(place), error, "Kontrollera mappen och kör igen.") from error
    except PipelineError:
        store.forget(half)
        raise
    return Step(bundle.manifest.bundle, State.PUBLISHED, (), place, new=True)


def _look(paths: Paths, folder: Path) -> tuple[Step, Bundle]:
    bundle = store.read_bundle(folder)
    name = bundle.manifest.bundle
    place = store.published_archive(paths, bundle)
    if place.exists():
        return _is_out(place, bundle), bundle
    if broken := WHOLE.check(bundle):
        return Step(name, State.CHANGED, tuple(broken)), bundle
    return Step(name, _decided(paths, bundle).state), bundle


def _decided(paths: Paths, bundle: Bundle) -> Standing:
    kept, earlier = store.kept_approvals(paths, bundle.manifest.sha256), store.has_earlier(paths, bundle)
    return standing(bundle.manifest_bytes, bundle.manifest.prepared_by, kept, earlier=earlier)


def _is_out(place: Path, bundle: Bundle) -> Step:
    """The state of a bundle whose archive is there already.

    Raises:
        PipelineError: `published_changed`, the archive isn't as it was sealed; `published_other`, it is another bundle's.
    """
    found = store.verify_path(place, Known())
    if found.outcome == "changed" or found.bundle is None:
        hint = "Lägg tillbaka säkerhetskopian av publicerat/. Ta reda på vem som har ändrat filen."
        raise PipelineError("published_changed", str(place), "arkivet som förseglades", "ett ändrat", hint)
    if found.bundle.manifest.sha256 != bundle.manifest.sha256:
        hint = "Ge den nya publikationen en ny version i assets/catalogue/publication.yml och kör did kor."
        got, name = "ett annat paket med samma namn", bundle.manifest.bundle
        raise PipelineError("published_other", name, "ett namn som inte är utgivet", got, hint)
    return Step(bundle.manifest.bundle, State.PUBLISHED, (), place)


def _sealed(bundle: Bundle, decided: Standing, key: Ed25519PrivateKey) -> bytes:
    """The sealed archive, checked as a receiver does before anybody sees it. Raises PipelineError `seal_failed`."""
    sealed = sealed_archive(bundle, decided.approvals, key)
    checked = verify_archive(sealed, Known(keys=(key.public_key().public_bytes_raw(),)))
    if checked.outcome != "unchanged":
        hint = "Gör paketet på nytt. Händer det igen är det ett fel i programmet."
        got = f"{checked.faults[0] if checked.faults else 'något annat'}"
        raise PipelineError("seal_failed", bundle.manifest.bundle, "ett paket som klarar kontrollen", got, hint)
    return sealed
