"""Waivers: a decided, dated and signed loosening of one number of the disclosure policy. Pure.

A waiver holds for a whole edition, for all areas and all waves: the county is the sum of its municipalities, and developments
and accumulated counts join the waves, so a floor that differed between them would let one table give what another hides.
It may only loosen, never below the policy's absolute bounds, and never in the public edition. It is printed in every bundle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assets.methods.disclosure_numbers import WAIVABLE, is_looser
from assets.methods.errors import PipelineError
from assets.methods.person_names import two_persons

if TYPE_CHECKING:
    from assets.methods.disclosure_policy import DisclosurePolicy

ALL = "alla"
NEVER_WAIVED = "publik"
LEAST_REASON = 20
"""Characters: shorter than a sentence is no reason."""


class Signer(BaseModel):
    """Who decided, and as what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    role: str


class Waiver(BaseModel):
    """One waiver, as it stands in `waivers.yml`. `areas` and `waves`: only `alla` is sound, see the module."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern="^[a-z0-9][a-z0-9-]*$")
    rule: str
    value: int = Field(strict=True)
    edition: str
    areas: str | tuple[str, ...]
    waves: str | tuple[int, ...]
    reason: str
    decided_by: tuple[Signer, ...]
    decided_on: date
    valid_until: date


class WaiverFile(BaseModel):
    """`waivers.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    waivers: tuple[Waiver, ...] = ()


def load_waivers(entries: object, policy: DisclosurePolicy, on: date | None = None) -> tuple[Waiver, ...]:
    """Validated waivers from the list in `waivers.yml`.

    Args:
        policy: the rules without waivers. on: the publication's date; None leaves the time of validity unchecked.

    Raises:
        PipelineError: `bad_waiver`, with the waiver's id and what is wrong with it.
    """
    try:
        waivers = WaiverFile.model_validate({"waivers": entries or ()}).waivers
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        raise bad_waiver(f"undantag {place}: {_said(first)}") from error
    ids = [waiver.id for waiver in waivers]
    places = [(waiver.edition, waiver.rule) for waiver in waivers]
    for waiver in waivers:
        problem = _problem(waiver, policy) or _time_problem(waiver, on)
        if not problem and ids.count(waiver.id) > 1:
            problem = "står två gånger"
        if not problem and places.count((waiver.edition, waiver.rule)) > 1:
            problem = f"gäller regeln {waiver.rule}, som har flera undantag i samma utgåva"
        if problem:
            raise bad_waiver(f"undantaget {waiver.id}, som {problem}")
    return waivers


def _said(error: Mapping[str, Any]) -> str:
    known = {
        "extra_forbidden": "okänd nyckel",
        "missing": "nyckeln saknas",
        "string_type": "ska vara text",
        "int_type": "ska vara ett heltal",
        "tuple_type": "ska vara en lista",
        "string_pattern_mismatch": "får bara ha små bokstäver, siffror och bindestreck",
    }
    dates = error["type"].startswith("date_")
    return "ska vara ett datum som 2026-01-31" if dates else known.get(error["type"], "har fel form")


def bad_waiver(got: str) -> PipelineError:
    """The error of a waiver that can't hold."""
    return PipelineError(
        code="bad_waiver",
        where="Undantagen från röjandekontrollen (waivers.yml)",
        expected="undantag med skäl, två olika personer och giltig tid, inom de gränser som aldrig viks",
        got=got,
        hint="Rätta eller ta bort undantaget och kör igen. Inget publiceras förrän det stämmer.",
    )


def _problem(waiver: Waiver, policy: DisclosurePolicy) -> str:
    """What is wrong with a waiver as such, as the end of a Swedish sentence; empty when nothing is."""
    checks = (_scope_problem(waiver, policy), _signature_problem(waiver))
    return next((text for text in checks if text), "") or _value_problem(waiver, policy)


def _scope_problem(waiver: Waiver, policy: DisclosurePolicy) -> str:
    if waiver.edition == NEVER_WAIVED:
        return "gäller utgåvan publik, där inga undantag får göras"
    if waiver.edition not in policy.editions:
        return f"gäller utgåvan {waiver.edition}, som inte finns"
    if waiver.rule not in WAIVABLE:
        return f"gäller regeln {waiver.rule[:40]}, som inte kan ha undantag"
    if waiver.areas != ALL or waiver.waves != ALL:
        return "inte gäller alla områden och mättillfällen (areas: alla, waves: alla), fast ett undantag gäller en hel utgåva"
    return ""


def _signature_problem(waiver: Waiver) -> str:
    if len(waiver.reason.strip()) < LEAST_REASON:
        return f"saknar ett skäl på minst {LEAST_REASON} tecken"
    people = [person for person in waiver.decided_by if person.name.strip() and person.role.strip()]
    if not two_persons(person.name for person in people) or len(people) < len(waiver.decided_by):
        return "saknar två olika personers namn och roll (namn där alla ord i det ena står i det andra kan vara en persons)"
    return ""


def _value_problem(waiver: Waiver, policy: DisclosurePolicy) -> str:
    usual, bound = getattr(policy.numbers(waiver.edition), waiver.rule), policy.absolute[waiver.rule]
    if not is_looser(waiver.rule, waiver.value, usual):
        return f"inte lindrar {waiver.rule} ({usual}): ett strängare värde skrivs i editions i disclosure.yml"
    if is_looser(waiver.rule, waiver.value, bound):
        return f"går förbi den gräns som aldrig viks: {waiver.rule} {bound}"
    return ""


def _time_problem(waiver: Waiver, on: date | None) -> str:
    if waiver.valid_until < waiver.decided_on:
        return "upphör innan det beslutades"
    if on is not None and on > waiver.valid_until:
        return f"gick ut {waiver.valid_until.isoformat()}, före publiceringen {on.isoformat()}"
    if on is not None and on < waiver.decided_on:
        return f"beslutades {waiver.decided_on.isoformat()}, efter publiceringen {on.isoformat()}"
    return ""


def waived_values(waivers: Sequence[Waiver], edition: str) -> dict[str, int]:
    """Rule -> its value by waiver in an edition."""
    return {waiver.rule: waiver.value for waiver in waivers if waiver.edition == edition}


def waiver_records(policy: DisclosurePolicy, edition: str) -> tuple[dict[str, object], ...]:
    """The waivers of an edition as plain data for the manifest and the register, by id, each with the value it replaces."""
    usual = policy.without_waivers().numbers(edition)
    return tuple(
        {**waiver.model_dump(mode="json"), "usual_value": getattr(usual, waiver.rule)}
        for waiver in sorted(policy.waivers, key=lambda waiver: waiver.id)
        if waiver.edition == edition
    )
