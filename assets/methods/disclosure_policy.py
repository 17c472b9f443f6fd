"""The disclosure policy as data: every floor, width and rounding step with the decision behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from assets.methods.errors import PipelineError

NUMBERS = (
    "group_floor",
    "group_floor_sensitive",
    "district_floor",
    "min_schools",
    "cell_floor",
    "cell_floor_sensitive",
    "interval_width",
    "interval_width_sensitive",
    "cross_line_margin",
    "share_step",
    "count_step",
    "mean_decimals",
)
DISTRICTS = "districts"
"""What an edition may say beside numbers: whether it has city districts at all."""
SWITCHES = (
    "line_rule",
    "small_sex_group",
    "count_interval",
    "whole_group",
    "cross_area",
    "derived",
    "sensitive_sex_split",
    "linked",
)


class PolicyRule(BaseModel):
    """One rule: its value, what it says to a reader (Swedish) and why it was set."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str
    kind: Literal["primary", "secondary", "rounding", "audit"]
    value: int | bool
    text_sv: str = Field(min_length=1)
    why: str = Field(min_length=1)


class DisclosurePolicy(BaseModel):
    """All rules of a release. `editions` maps each edition to the values that differ from the rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    sensitive_indices: tuple[str, ...] = ()
    editions: dict[str, dict[str, int | bool]] = Field(min_length=1)
    rules: tuple[PolicyRule, ...]

    @model_validator(mode="after")
    def _complete(self) -> DisclosurePolicy:
        found = sorted(rule.id for rule in self.rules)
        if found != sorted((*NUMBERS, *SWITCHES)):
            raise ValueError("rules: each known rule must be there once, and no other")
        for rule in self.rules:
            if (rule.id in SWITCHES) != (rule.value is True):
                raise ValueError(f"{rule.id}: a floor is a number, and a protecting rule can not be switched off")
        unknown = sorted({name for values in self.editions.values() for name in values} - {*NUMBERS, DISTRICTS})
        if unknown:
            raise ValueError(f"editions: no such rule: {', '.join(unknown)}")
        for edition, values in self.editions.items():
            if any(isinstance(value, bool) != (name == DISTRICTS) for name, value in values.items()):
                raise ValueError(f"editions.{edition}: districts is true or false, everything else a number")
            self.numbers(edition).check()
        return self

    def numbers(self, edition: str) -> PolicyNumbers:
        """The numbers that hold for one edition.

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
        own = {name: int(value) for name, value in self.editions[edition].items() if name in NUMBERS}
        return PolicyNumbers(**values | own)

    def districts(self, edition: str) -> bool:
        """Whether the edition has rows of city districts."""
        return bool(self.editions[edition].get(DISTRICTS, True))

    def kind(self, rule_id: str) -> str:
        """`primary` or `secondary` for a rule that hides cells."""
        return next(rule.kind for rule in self.rules if rule.id == rule_id)


@dataclass(frozen=True)
class PolicyNumbers:
    """Floors and widths in pupils, steps in per cent and pupils."""

    group_floor: int
    group_floor_sensitive: int
    district_floor: int
    min_schools: int
    cell_floor: int
    cell_floor_sensitive: int
    interval_width: int
    interval_width_sensitive: int
    cross_line_margin: int
    share_step: int
    count_step: int
    mean_decimals: int

    def check(self) -> None:
        """Raise ValueError when the numbers contradict each other.

        A hidden count below the floor is known to lie in 0..floor-1, so that range must itself be wide enough.
        """
        for suffix in ("", "_sensitive"):
            floor, cell, width = (getattr(self, name + suffix) for name in ("group_floor", "cell_floor", "interval_width"))
            if floor - 1 <= width:
                raise ValueError(f"group_floor{suffix} must be at least interval_width{suffix} + 2")
            if cell <= width:
                raise ValueError(f"cell_floor{suffix} must be greater than interval_width{suffix}")
            if floor < 2 * cell:
                raise ValueError(f"group_floor{suffix} must be at least twice cell_floor{suffix}")
        if self.district_floor < self.group_floor_sensitive or self.group_floor_sensitive < self.group_floor:
            raise ValueError("district_floor >= group_floor_sensitive >= group_floor must hold")
        if min(self.cross_line_margin, self.share_step, self.count_step, self.cell_floor) < 1 or self.mean_decimals < 0:
            raise ValueError("steps and margins must be at least 1")


def load_policy(mapping: Mapping[str, object]) -> DisclosurePolicy:
    """Validated policy from the content of `disclosure.yml`.

    Raises:
        PipelineError: a rule is missing, unknown or contradicts another.
    """
    try:
        return DisclosurePolicy.model_validate(mapping)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise PipelineError(
            code="bad_policy",
            where="Reglerna för röjandekontroll (disclosure.yml)",
            expected="fullständiga regler som inte motsäger varandra",
            got=f"{error.error_count()} fel, det första {place}: {first['msg']}",
            hint="Rätta filen och kör igen. Inget publiceras förrän reglerna stämmer.",
        ) from error
