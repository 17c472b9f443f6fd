"""Expectations of the field, as classes of Great Expectations with metrics of their own.

Each is a multicolumn map expectation: it marks the rows (of the table, or of a view with counts) that break the rule, so that its
condition metric also tells which delivery they belong to. The modules import Great Expectations at their top; they are imported
inside the functions here, and nowhere else.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

MODULES = ("agreement", "codes", "drift", "routing")


@lru_cache(maxsize=1)
def custom_expectations() -> dict[str, Any]:
    """Class name -> class of every expectation in this package."""
    from importlib import import_module

    from expectations.custom.base import RowsExpectation

    found = {}
    for module in MODULES:
        for name, kind in vars(import_module(f"{__name__}.{module}")).items():
            if isinstance(kind, type) and issubclass(kind, RowsExpectation) and kind is not RowsExpectation:
                found[name] = kind
    return found


def expectation_class(name: str) -> Any:
    """One of ours, else one of Great Expectations' own. Raises AttributeError when there is none of that name."""
    from great_expectations import expectations as gxe

    return custom_expectations().get(name) or getattr(gxe, name)


def default_columns(name: str) -> tuple[str, ...]:
    """The columns that one of our expectations reads; none for Great Expectations' own, which name theirs in the suite."""
    kind = custom_expectations().get(name)
    return tuple(kind.__fields__["column_list"].default) if kind else ()
