"""Approvals of a publication: two persons, bound to the manifest's bytes, and what a bundle's approvals add up to.

A name is a declaration, not a log-in: open-source Dagster has no roles, so what is recorded is who said so, in which role and
why. The rules are these: the latest decision of each person counts; a refusal stops the bundle until the same person has
approved it; two different persons have to approve; the second may not be the one who prepared the run, and a run that doesn't
say who prepared it can't be approved at all, as nobody could then be told from its author. Names that may be the same person's
count as one person (`same_person`), but only the very same name lifts a refusal: it may also have been another's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assets.methods.errors import PipelineError
from assets.methods.person_names import is_name, name_key, same_person, two_persons

APPROVED, REFUSED = "godkänns", "avslås"
NEEDED = 2
OLDEST = date(2020, 1, 1)


class Approval(BaseModel):
    """One person's decision on one bundle as it is.

    `paket`: the folder's name. `manifest_sha256`: of the manifest's bytes. `skal`: why, in the person's own words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    paket: str = Field(pattern=r"^[0-9a-z][0-9a-zA-Z._-]{0,149}$")
    manifest_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    beslut: str = Field(pattern=f"^({APPROVED}|{REFUSED})$")
    namn: str = Field(min_length=2, max_length=100)
    roll: str = Field(min_length=2, max_length=100)
    skal: str = Field(min_length=3, max_length=1000)
    datum: date

    @field_validator("namn")
    @classmethod
    def _a_name(cls, text: str) -> str:
        if not is_name(text):
            raise ValueError("not a person's name")
        return " ".join(text.split())

    @field_validator("datum", mode="before")
    @classmethod
    def _a_day(cls, given: object) -> object:
        return date.fromisoformat(given) if isinstance(given, str) else given

    @field_validator("datum")
    @classmethod
    def _not_long_ago(cls, day: date) -> date:
        if day < OLDEST:
            raise ValueError("too long ago")
        return day

    @property
    def approves(self) -> bool:
        """Whether the decision is to let the bundle go."""
        return self.beslut == APPROVED


EXPECTED = {
    "paket": "paketets mappnamn, till exempel 0127_botkyrka_2024_v1.0_intern",
    "manifest_sha256": "64 tecken 0-9 och a-f: kontrollsumman som står i mallen bredvid paketet",
    "beslut": f"{APPROVED} eller {REFUSED}",
    "namn": "för- och efternamn på den som beslutar, med latinska bokstäver",
    "roll": "den beslutandes roll, 2-100 tecken",
    "skal": "skälet till beslutet, 3-1000 tecken",
    "datum": "en dag som 2026-11-22",
}


FROM_TEMPLATE = "Fyll i mallen som ligger bredvid paketet i utgivning/ och lägg den i inbox/godkannanden."


def make_approval(fields: Mapping[str, object], where: str, today: date, hint: str = FROM_TEMPLATE) -> Approval:
    """An approval from its fields.

    Args:
        where: what the fields stand in, for the message.
        today: no decision is made later than this.
        hint: what the one who filled in the fields does about a field that isn't as it should be.

    Raises:
        PipelineError: `bad_approval`, names the field that isn't as it should be.
    """
    unknown = sorted(set(fields) - set(EXPECTED))
    missing = [name for name in EXPECTED if not str(fields.get(name) or "").strip()]
    if unknown:
        raise PipelineError("bad_approval", where, f"fälten {', '.join(EXPECTED)}", f"{len(unknown)} okända fält", hint)
    if missing:
        raise PipelineError("bad_approval", f"{where}, fältet {missing[0]}", EXPECTED[missing[0]], "inget", hint)
    try:
        approval = Approval.model_validate(dict(fields))
    except ValidationError as error:
        name = str(error.errors(include_input=False)[0]["loc"][0])
        raise PipelineError("bad_approval", f"{where}, fältet {name}", EXPECTED[name], "något annat", hint) from None
    if approval.datum > today:
        expected = f"i dag, {today} enligt datorns klocka, eller tidigare"  # a clock that goes wrong shows itself here
        raise PipelineError("bad_approval", f"{where}, fältet datum", expected, "en dag som inte har varit", hint)
    return approval


def approval_bytes(approvals: Sequence[Approval]) -> bytes:
    """The approvals as they lie in a sealed bundle: readable JSON, the same bytes every time."""
    rows = [approval.model_dump(mode="json") for approval in approvals]
    return (json.dumps(rows, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")


TELL_APART = "Två personer med så lika namn skriver från början var sitt namn som den andra inte har."


class State(StrEnum):
    """Where a bundle is on its way out, in the words that the steward reads."""

    WAITING_TWO = "väntar på två godkännanden"
    WAITING_ONE = "väntar på ett godkännande"
    APPROVED = "godkänt av två"
    REFUSED = "avslaget"
    STALE = "godkännandena gäller ett äldre paket"
    CHANGED = "ändrat sedan intyget skrevs"
    NAMELESS = "saknar namn på den som gjorde paketet"
    PUBLISHED = "utgivet"
    STOPPED = "stoppat"


@dataclass(frozen=True)
class Standing:
    """A bundle's state and the approvals that count, in order."""

    state: State
    approvals: tuple[Approval, ...] = ()


def standing(manifest: bytes, prepared_by: str, kept: Sequence[Approval], *, earlier: bool = False) -> Standing:
    """What the kept decisions add up to.

    Args:
        manifest: the manifest's bytes as they are now.
        prepared_by: who prepared the run.
        kept: decisions in the order in which they came; those about other manifests count for nothing.
        earlier: whether there are decisions about an earlier manifest of the same bundle.
    """
    sha = hashlib.sha256(manifest).hexdigest()
    latest: dict[str, Approval] = {}
    for approval in kept:
        if approval.manifest_sha256 == sha:
            latest.pop(name_key(approval.namn), None)
            latest[name_key(approval.namn)] = approval
    if any(not approval.approves for approval in latest.values()):
        return Standing(State.REFUSED)
    if not prepared_by.strip():
        return Standing(State.NAMELESS)
    counted = _pair(tuple(latest.values()), prepared_by)
    if len(counted) == NEEDED:
        return Standing(State.APPROVED, counted)
    if counted:
        return Standing(State.WAITING_ONE, counted)
    return Standing(State.STALE if earlier else State.WAITING_TWO)


def _pair(approvals: Sequence[Approval], prepared_by: str) -> tuple[Approval, ...]:
    """The first approval, and the next by certainly another person who didn't prepare the run; fewer when there is none."""
    first, rest = tuple(approvals[:1]), approvals[1:]
    seconds = (a for a in rest if not same_person(a.namn, first[0].namn) and not same_person(a.namn, prepared_by))
    return (*first, *islice(seconds, NEEDED - 1))


def require_counts(approval: Approval, manifest: bytes, prepared_by: str, kept: Sequence[Approval]) -> None:
    """Refuse a decision that could never count, when it is given, so that the person hears it.

    Raises:
        PipelineError: `other_manifest`, `no_author`, `same_person`, `author_second` or `already_approved`.
    """
    where, sha = f"Godkännandet av {approval.paket}", hashlib.sha256(manifest).hexdigest()
    if approval.manifest_sha256 != sha:
        raise PipelineError(
            "other_manifest", where, "kontrollsumman för paketet som det är nu", "kontrollsumman för ett annat eller äldre paket",
            "Granska paketet på nytt och använd mallen som ligger bredvid det nu.",
        )  # fmt: skip
    if not approval.approves:
        return
    if not prepared_by.strip():
        raise PipelineError(
            "no_author", where, "ett paket som säger vem som gjorde det", "ett paket utan namn",
            'Gör paketet på nytt med did kor --av "Förnamn Efternamn".',
        )  # fmt: skip
    before = standing(manifest, prepared_by, kept)
    if before.state is State.APPROVED:
        raise PipelineError(
            "already_approved", where, "högst två godkännanden", "ett tredje", "Paketet är klart att ge ut med did publicera."
        )
    if any(same_person(approval.namn, one.namn) for one in before.approvals):
        raise PipelineError(
            "same_person", where, "två olika personer",
            "två namn som kan vara samma persons: alla ord i det ena står i det andra",
            f"Låt någon annan än den första godkänna. {TELL_APART}",
        )  # fmt: skip
    if before.approvals and same_person(approval.namn, prepared_by):
        raise PipelineError(
            "author_second", where, "en andra person som inte gjorde paketet", "ett namn som kan vara dens som gjorde det",
            f"Låt någon annan än den som gjorde paketet vara den andra som godkänner. {TELL_APART}",
        )  # fmt: skip


def faults_of_pair(approvals: Sequence[Approval], manifest: bytes, prepared_by: str, bundle: str) -> list[str]:
    """What is wrong with the approvals that lie in a sealed bundle, as sentences; none when they are in order."""
    sha = hashlib.sha256(manifest).hexdigest()
    found = []
    if any(approval.manifest_sha256 != sha or approval.paket != bundle for approval in approvals):
        found.append("Ett godkännande gäller ett annat paket än det här.")
    if any(not approval.approves for approval in approvals):
        found.append("Någon har avslagit paketet.")
    if len(approvals) != NEEDED or not two_persons(approval.namn for approval in approvals):
        found.append("Paketet är inte godkänt av två olika personer.")
    elif not prepared_by.strip() or same_person(approvals[1].namn, prepared_by):
        found.append("Den andra som godkände är inte säkert någon annan än den som gjorde paketet.")
    return found
