"""The disclosure policy as data: every floor, width and rounding step with the decision behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from assets.methods.cell_key_policy import CellKeyPolicy
from assets.methods.disclosure_numbers import HARDEST, NUMBERS, WAIVABLE, PolicyNumbers, is_looser, looser, unnested_steps
from assets.methods.errors import PipelineError
from assets.methods.policy_steps import step_problems
from assets.methods.waivers import Waiver, bad_waiver, load_waivers, waived_values, waiver_records

__all__ = ["NUMBERS", "SWITCHES", "DisclosurePolicy", "PolicyNumbers", "PolicyRule", "load_policy", "policy_facts"]

INNERMOST = "intern"
"""The edition that all others are nested in."""
DISTRICTS = "districts"
"""The key of an edition that says whether it has districts; not a number."""
SWITCHES = (
    "line_rule",
    "small_sex_group",
    "count_interval",
    "whole_group",
    "cross_area",
    "derived",
    "sensitive_sex_split",
    "linked",
    "repair",
    "no_school_output",
    "no_overlapping_geographies",
    "districts_in_working_material",
    "nested_editions",
)

EVERYWHERE = ("register_floor",)
"""Numbers that are the same in every edition, as what they protect is."""
LEAST_REGISTER_FLOOR = 3
"""A floor of 2 would tell a hidden count to be 0 or 1."""


class PolicyRule(BaseModel):
    """One rule: its value, what it says to a reader (Swedish, `{value}` stands for the value), why, and by which decision.

    `source`: published practice that it follows; empty when there is none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str
    kind: Literal["primary", "secondary", "rounding", "audit", "geography", "edition"]
    value: int | bool
    text_sv: str = Field(min_length=1)
    why: str = Field(min_length=1)
    decision: str
    source: str = ""

    def told(self, value: int | None = None) -> str:
        """The rule's text with its value, or with the one that holds in an edition."""
        return self.text_sv.replace("{value}", str(self.value if value is None else value))


class Decision(BaseModel):
    """Who has decided, or only proposed, rules. A proposal has no day and no document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Literal["förslag", "beslut"]
    by: str = Field(min_length=1)
    on: date | None = None
    document: str = ""
    text_sv: str = Field(min_length=1)

    @model_validator(mode="after")
    def _dated(self) -> Decision:
        if (self.status == "beslut") != (self.on is not None and bool(self.document)):
            raise ValueError("ett beslut ska ha datum (on) och handling (document), och ett förslag inget av dem")
        return self


class Change(BaseModel):
    """What a version of the policy changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    valid_from: date
    text_sv: str = Field(min_length=1)


class DisclosurePolicy(BaseModel):
    """All rules of a release.

    `editions`: edition -> the values that differ from the rules, and `districts: false` where it has none.
    `sensitive_indicators`: survey -> the sensitive questions and scales, equal to those marked in `indicators/` (cross-checked).
    `absolute`: the values beyond which no waiver goes. `changes`: every version, the present one first.
    `cell_key`: tables that get noise instead of suppression (none as shipped); the same in every edition.
    `whole_numbers`: also protect against who reckons with whole pupils and our floors (`disclosure_whole`); on as shipped.
    `steps`: `looser` and `tighter` -> edition -> numbers one step away, only to count what they would show (`policy_steps`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    valid_from: date
    changes: tuple[Change, ...]
    decisions: dict[str, Decision] = Field(min_length=1)
    sensitive_indices: tuple[str, ...] = ()
    sensitive_indicators: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    editions: dict[str, dict[str, int | bool]] = Field(min_length=1)
    absolute: dict[str, int]
    steps: dict[str, dict[str, dict[str, int]]] = Field(default_factory=dict)
    rules: tuple[PolicyRule, ...]
    cell_key: CellKeyPolicy = Field(default_factory=CellKeyPolicy)
    whole_numbers: bool = False
    _waivers: tuple[Waiver, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _holds(self) -> DisclosurePolicy:
        for check in (self._rule_problems, self._version_problems, self._edition_problems, self._bound_problems):
            problems = check()
            if problems:
                raise ValueError("; ".join(problems))
        if problems := step_problems(self):
            raise ValueError("; ".join(problems))
        return self

    def _rule_problems(self) -> list[str]:
        found, known = [rule.id for rule in self.rules], (*NUMBERS, *SWITCHES, *EVERYWHERE)
        problems = [f"okänd regel {name}" for name in sorted(set(found) - set(known))]
        problems += [f"regeln {name} saknas" for name in known if name not in found]
        problems += [f"regeln {name} står flera gånger" for name in sorted({n for n in found if found.count(n) > 1})]
        for rule in self.rules:
            if rule.id in SWITCHES and rule.value is not True:
                problems.append(f"regeln {rule.id} skyddar och kan inte stängas av (value: true)")
            if rule.id in (*NUMBERS, *EVERYWHERE) and isinstance(rule.value, bool):
                problems.append(f"regeln {rule.id} ska ha ett heltal som värde")
            if rule.id in EVERYWHERE and rule.value < LEAST_REGISTER_FLOOR:
                problems.append(f"regeln {rule.id} ({rule.value}) ska vara minst {LEAST_REGISTER_FLOOR}")
            if rule.decision not in self.decisions:
                problems.append(f"regeln {rule.id} hänvisar till beslutet {rule.decision}, som inte finns under decisions")
        return problems

    def _version_problems(self) -> list[str]:
        versions = [change.version for change in self.changes]
        if versions != list(range(self.version, 0, -1)):
            return [f"changes ska ha varje version från {self.version} ned till 1"]
        days = [change.valid_from for change in self.changes]
        if days != sorted(days, reverse=True) or days[0] != self.valid_from:
            return ["valid_from ska vara den senaste versionens, och versionerna i tidsordning"]
        return []

    def _edition_problems(self) -> list[str]:
        if INNERMOST not in self.editions:
            return [f"editions saknar utgåvan {INNERMOST}"]
        problems = []
        for edition, values in self.editions.items():
            unknown = sorted(set(values) - {*NUMBERS, DISTRICTS})
            problems += [f"utgåvan {edition} har okänd regel {name}" for name in unknown]
            wrong = [name for name, value in values.items() if isinstance(value, bool) != (name == DISTRICTS)]
            problems += [f"utgåvan {edition} har fel slags värde på {name}" for name in wrong if name not in unknown]
        for edition in () if problems else self.editions:
            problems += [f"i utgåvan {edition}: {text}" for text in self.numbers(edition).problems()]
        return problems or self._nesting_problems()

    def _nesting_problems(self) -> list[str]:
        inner, problems = self.numbers(INNERMOST), []
        for edition in self.editions:
            numbers = self.numbers(edition)
            problems += [f"utgåvan {edition} är lösare än {INNERMOST} i {name}" for name in looser(numbers, inner)]
            problems += [
                f"utgåvan {edition} ligger inte inuti {INNERMOST}: {name} ska vara en udda multipel av dess steg"
                for name in unnested_steps(numbers, inner)
            ]
            if self.districts(edition) and not self.districts(INNERMOST):
                problems.append(f"utgåvan {edition} är lösare än {INNERMOST} i {DISTRICTS}")
        return problems

    def _bound_problems(self) -> list[str]:
        if sorted(self.absolute) != sorted(WAIVABLE):
            return [f"absolute ska ha ett värde för var och en av {', '.join(WAIVABLE)}"]
        problems = [
            f"absolute: {name} ({self.absolute[name]}) får inte vara under {least}"
            for name, least in HARDEST.items()
            if self.absolute[name] < least
        ]
        for edition in self.editions:
            numbers = self.numbers(edition)
            beyond = [name for name in WAIVABLE if is_looser(name, getattr(numbers, name), self.absolute[name])]
            problems += [f"i utgåvan {edition}: {name} går förbi den absoluta gränsen ({self.absolute[name]})" for name in beyond]
            if self.cell_key.active and self.cell_key.max_noise >= numbers.group_floor:
                problems.append(
                    f"i utgåvan {edition}: cell_key: max_noise ska vara mindre än group_floor ({numbers.group_floor})"
                )
        return problems

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The waivers that hold, as in `waivers.yml`."""
        return self._waivers

    def without_waivers(self) -> DisclosurePolicy:
        """The same rules as if nobody had decided any waiver."""
        return self._with(())

    def _with(self, waivers: tuple[Waiver, ...]) -> DisclosurePolicy:
        copy = self.model_copy()
        copy._waivers = waivers
        return copy

    def numbers(self, edition: str) -> PolicyNumbers:
        """The numbers that hold for one edition, waivers included.

        Raises:
            PipelineError: the policy has no such edition.
        """
        if edition not in self.editions:
            raise PipelineError(
                code="unknown_edition",
                where="Reglerna för röjandekontroll (disclosure.yml)",
                expected=f"någon av utgåvorna {', '.join(sorted(self.editions))}",
                got=f"utgåvan {edition}",
                hint="Välj en utgåva som finns, eller lägg till den under editions.",
            )
        values = {rule.id: int(rule.value) for rule in self.rules if rule.id in NUMBERS}
        values |= {name: int(value) for name, value in self.editions[edition].items() if name != DISTRICTS}
        return PolicyNumbers(**values | waived_values(self.waivers, edition))

    @property
    def register_floor(self) -> int:
        """The smallest count that is shown of an imported register table."""
        return int(self.rule("register_floor").value)

    def districts(self, edition: str) -> bool:
        """Whether an edition has rows of districts."""
        return bool(self.editions[edition].get(DISTRICTS, True))

    def rule(self, rule_id: str) -> PolicyRule:
        """The rule with the id."""
        return next(rule for rule in self.rules if rule.id == rule_id)

    def kind(self, rule_id: str) -> str:
        """`primary` or `secondary` for a rule that hides cells."""
        return self.rule(rule_id).kind


def load_policy(mapping: Mapping[str, Any], on: date | None = None) -> DisclosurePolicy:
    """Validated policy from the content of `disclosure.yml`, with the key `waivers` from `waivers.yml` where there are any.

    Args:
        on: the publication's date, on which every waiver must hold; None where that has been checked (the catalogue does).

    Raises:
        PipelineError: `bad_policy`: a rule is missing, unknown or contradicts another. `bad_waiver`: a waiver can't hold.
    """
    try:
        policy = DisclosurePolicy.model_validate({key: value for key, value in mapping.items() if key != "waivers"})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise PipelineError(
            code="bad_policy",
            where="Reglerna för röjandekontroll (disclosure.yml)",
            expected="fullständiga regler som inte motsäger varandra",
            got=f"{place}: {_said(first)}" if place else _said(first),
            hint="Rätta filen och kör igen. Inget publiceras förrän reglerna stämmer.",
        ) from error
    waived = policy._with(load_waivers(mapping.get("waivers"), policy, on))
    for edition in policy.editions:
        problems = waived.numbers(edition).problems()
        if problems:
            raise bad_waiver(f"undantag som tillsammans motsäger reglerna i utgåvan {edition}: {problems[0]}")
    return waived


def policy_facts(mapping: Mapping[str, Any], edition: str) -> dict[str, Any]:
    """What a bundle's certificate says of the policy: `policy_version` and the edition's `waivers` (`waiver_records`)."""
    policy = load_policy(mapping)
    return {"policy_version": str(policy.version), "waivers": waiver_records(policy, edition)}


def _said(error: Mapping[str, Any]) -> str:
    known = {
        "extra_forbidden": "okänd nyckel",
        "missing": "nyckeln saknas",
        "too_short": "är tom",
        "string_too_short": "är tom",
        "int_type": "ska vara ett heltal",
        "literal_error": "är inget av de värden som finns",
        "greater_than_equal": "är för litet",
    }
    dates = error["type"].startswith("date_")
    own = error["type"] == "value_error"
    if own:
        return str(error["msg"]).removeprefix("Value error, ")
    return "ska vara ett datum som 2026-01-31" if dates else known.get(error["type"], "har fel form")
