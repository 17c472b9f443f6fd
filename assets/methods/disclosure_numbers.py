"""The numbers of the disclosure policy: floors, widths, steps, and when they contradict each other. Pure.

All texts of problems are Swedish, as they reach the person who edits `disclosure.yml`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

#: Numbers where a lower value protects more; of all others a higher one does.
LOWER_IS_STRICTER = ("dominance", "mean_decimals")
SENSITIVE = "_sensitive"
FLOORS = ("group_floor", "cell_floor", "interval_width")
"""Numbers that have a stricter twin for sensitive items."""
STEPS = ("share_step", "count_step")
"""Rounding steps: those of two editions nest only when one is an odd multiple of the other."""
WAIVABLE = (
    "group_floor",
    "group_floor_sensitive",
    "district_floor",
    "cell_floor",
    "cell_floor_sensitive",
    "interval_width",
    "interval_width_sensitive",
    "dominance",
    "p_percent",
)
"""Numbers that a waiver may loosen; roundings, margins and the least number of schools are never waived."""
HARDEST = {"cell_floor": 3, "interval_width": 2}
"""Below these not even the policy's own absolute bounds may go: with less, one or two pupils can be named."""


GROUP_FLOORS = ("group_floor", "group_floor_sensitive", "district_floor")


@dataclass(frozen=True)
class PolicyNumbers:
    """Floors and widths in pupils, steps in per cent and pupils, `dominance` and `p_percent` in per cent (`primary_rules.py`)."""

    group_floor: int
    group_floor_sensitive: int
    district_floor: int
    min_schools: int
    dominance: int
    p_percent: int
    cell_floor: int
    cell_floor_sensitive: int
    interval_width: int
    interval_width_sensitive: int
    cross_line_margin: int
    share_step: int
    count_step: int
    mean_decimals: int

    def on_steps(self) -> PolicyNumbers:
        """The same numbers with group floors moved up to where a rounded number of pupils already says that the floor is kept.

        For an edition inside another: whether a cell is shown there then follows from the number that the wider one shows, and
        tells nothing more. A floor of 20 and steps of 5 give 23, as 22 is shown as 20, which may be 18.
        """
        step = self.count_step
        up = {name: -(-(getattr(self, name) + step // 2) // step) * step - step // 2 for name in GROUP_FLOORS}
        return replace(self, **up)

    def problems(self) -> list[str]:
        """What in the numbers contradicts something else among them, in Swedish; empty when they hold together.

        A hidden count below the floor is known to lie in 0..floor-1, so that range must itself be wide enough.
        """
        found = []
        for end in ("", SENSITIVE):
            floor, cell, width = (getattr(self, name + end) for name in FLOORS)
            if floor - 1 <= width:
                found.append(f"group_floor{end} ({floor}) ska vara minst interval_width{end} + 2 ({width + 2})")
            if cell <= width:
                found.append(f"cell_floor{end} ({cell}) ska vara större än interval_width{end} ({width})")
            if floor < 2 * cell:
                found.append(f"group_floor{end} ({floor}) ska vara minst dubbelt cell_floor{end} ({2 * cell})")
        for name in FLOORS:
            usual, strict = getattr(self, name), getattr(self, name + SENSITIVE)
            if strict < usual:
                found.append(f"{name}_sensitive ({strict}) är lägre än {name} ({usual}), fast känsligt ska ha starkare skydd")
        if self.district_floor < self.group_floor_sensitive:
            found.append(
                f"district_floor ({self.district_floor}) är lägre än group_floor_sensitive ({self.group_floor_sensitive})"
            )
        return [*found, *self._outside()]

    def _outside(self) -> list[str]:
        """Numbers outside the range where they mean anything."""
        found = [
            f"{name} ({getattr(self, name)}) ska vara minst 1"
            for name in ("cross_line_margin", *STEPS, "cell_floor", "interval_width", "min_schools")
            if getattr(self, name) < 1
        ]
        if not 0 <= self.mean_decimals <= 6:
            found.append(f"mean_decimals ({self.mean_decimals}) ska vara mellan 0 och 6")
        if not 50 <= self.dominance < 100:
            found.append(f"dominance ({self.dominance}) ska vara minst 50 och under 100 procent")
        if not 1 <= self.p_percent <= 100:
            found.append(f"p_percent ({self.p_percent}) ska vara mellan 1 och 100 procent")
        return found


NUMBERS = tuple(field.name for field in fields(PolicyNumbers))


def is_looser(name: str, value: int, than: int) -> bool:
    """Whether a value of the number `name` protects less than another."""
    return value > than if name in LOWER_IS_STRICTER else value < than


def looser(numbers: PolicyNumbers, than: PolicyNumbers) -> list[str]:
    """Names of the numbers that protect less than those of another edition."""
    return [name for name in NUMBERS if is_looser(name, getattr(numbers, name), getattr(than, name))]


def unnested_steps(numbers: PolicyNumbers, inner: PolicyNumbers) -> list[str]:
    """Rounding steps that are no odd multiple of the inner edition's: whoever has both would learn more than the inner one."""
    pairs = ((name, getattr(numbers, name), getattr(inner, name)) for name in STEPS)
    return [name for name, step, base in pairs if step % base or (step // base) % 2 == 0]
