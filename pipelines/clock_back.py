"""A clock that has been set back since the last run.

Nothing in the chain goes by the clock: runs are numbered, files are known by what is in them. What is wrong then is what people
read: the dates of certificates, decisions and notices.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from assets.methods.errors import PipelineError

if TYPE_CHECKING:
    from pipelines.paths import Paths

ADJUSTED = timedelta(minutes=2)
"""So much a computer that keeps its clock right may put it back."""
HINT = (
    "Ställ klockan rätt. Inget är borta och körningarnas ordning stämmer, men datum i det som skrivs nu blir fel: "
    "intyg, beslut och meddelanden."
)


def clock_set_back(paths: Paths, now: datetime | None = None) -> PipelineError | None:
    """What is wrong with the clock, to be told and never to stop anything; None when it goes as it should.

    Args:
        now: with a time zone; the computer's clock when it isn't given.

    Raises:
        PipelineError: `warehouse_busy`.
    """
    from assets.ledger.store import runs
    from assets.ledger.words import moment

    at = now or datetime.now(UTC)
    told = [time for run in runs(paths) for time in (run.started, run.ended) if time]
    if not told or at + ADJUSTED >= datetime.fromisoformat(max(told)):
        return None
    expected = f"en tid efter den senaste körningen, {moment(max(told))}"
    return PipelineError("clock_back", "Datorns klocka", expected, moment(at.isoformat()), HINT)
