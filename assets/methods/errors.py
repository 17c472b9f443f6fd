"""The one exception for mistakes a user can mend.

A `PipelineError` is shown without a traceback, as one plain Swedish sentence. Everything else that goes wrong is a bug and
keeps its traceback. Messages may hold file names, column names, codes and counts; never a row value or an identifier.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class PipelineError(Exception):
    """Something is wrong with a file, a setting or a place, and a person can put it right.

    Args:
        code: stable ascii id of the kind of error (`unknown_code`, `not_a_survey`), for tests and documentation.
        where: the place in words the user knows: file, sheet, column.
        expected: what should have been there, in Swedish.
        got: what was there instead, in Swedish; counts and codes only.
        hint: what to do now, in Swedish, as a request ("Spara om filen som ...").
    """

    code: str
    where: str
    expected: str
    got: str
    hint: str

    def __reduce__(self) -> tuple[type[PipelineError], tuple[str, ...]]:
        """As an exception's own way to be pickled knows only arguments without names: a worker process hands these over."""
        return type(self), (self.code, self.where, self.expected, self.got, self.hint)

    def __str__(self) -> str:
        return f"{self.where}: väntade {self.expected}, fick {self.got}. {self.hint}"


def count_sv(count: int, one: str, several: str) -> str:
    """A count with its noun in the right form: `1 rad`, `2 rader`."""
    return f"{count} {one if count == 1 else several}"
