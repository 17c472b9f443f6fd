"""Pydantic model of when the rounds of the preconditions close (`prevention/rounds.yml`)."""

from __future__ import annotations

from datetime import date

from pydantic import Field, field_validator

from assets.catalogue.models import Strict


class RoundFile(Strict):
    """Last day on which answers are taken. `default_last_day`: month and day of the round's year, for rounds not listed."""

    default_last_day: str = Field(pattern=r"^\d{2}-\d{2}$")
    last_days: dict[str, date] = Field(default_factory=dict)

    @field_validator("default_last_day")
    @classmethod
    def _is_a_day(cls, value: str) -> str:
        date.fromisoformat(f"2023-{value}")
        return value

    @field_validator("last_days")
    @classmethod
    def _rounds(cls, value: dict[str, date]) -> dict[str, date]:
        for name, day in value.items():
            if not name[:4].isdigit() or day.year < int(name[:4]):
                raise ValueError(f"omgången {name} kan inte stängas före sitt eget år")
        return value

    def last_day(self, round_: str) -> date:
        """The last day of a round such as `2024` or `2026-2`."""
        return self.last_days.get(round_) or date.fromisoformat(f"{round_[:4]}-{self.default_last_day}")
