"""One pass of `did kor`, killed again and again and restarted until it ends, beside a pass that nothing disturbs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.kills.attempts import Death, Outcome, attempt

FEW, MANY = 25, 250
"""Operations on files until death: mostly soon after the start, now and then far into the chain."""


def deaths(seed: int) -> Callable[[int], Death]:
    """The death of each attempt by its number: the same for the same seed."""

    def of(number: int) -> Death:
        chance = random.Random(f"{seed} {number}")
        if number % 5 == 4:
            return Death(seconds=chance.uniform(4, 45))
        mean = MANY if number % 5 == 3 else FEW
        return Death(point=1 + int(chance.expovariate(1 / mean)), power_cut=number % 2 == 1)

    return of


def killed_pass(home: Path, work: Callable[[], int], kills: int, seed: int, until: float, say: Callable[[str], object]) -> int:
    """Kill and restart, at most so many times and not after `until` (clock of `time.time`), then let the pass end; the kills.

    Raises:
        RuntimeError: an attempt ended by itself with a fault.
    """
    dead, of = 0, deaths(seed)
    while dead < kills and time.time() < until:
        done = attempt(home, work, of(dead))
        if not done.killed:
            return _require_well(done, dead)
        dead += 1
        say(f"{time.strftime('%H:%M:%S')} kill {dead}: {_last_line(done)}")
    return _require_well(attempt(home, work, Death()), dead)


def _require_well(done: Outcome, dead: int) -> int:
    if done.code != 0:
        raise RuntimeError(f"after {dead} kills the command ended with {done.code}:\n{done.told[-4000:]}")
    return dead


def _last_line(done: Outcome) -> str:
    lines = [line for line in done.told.splitlines() if line.strip()]
    return lines[-1][:100] if lines else "(nothing said)"
