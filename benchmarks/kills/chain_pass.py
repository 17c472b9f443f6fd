"""One pass of `did kor`, killed several times in each of its steps and restarted until it ends.

A death waits for its step: the step's first operations on files, one far into it, or a moment of the time that it took when
nothing disturbed it. A step that ends before its death came is killed between itself and the next. So every step is killed, also
the short ones beside the long, and nothing that is done already is paid for again.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.kills.attempts import Death, Outcome, attempt

FEW, MANY = 15, 150
"""Operations on files until death: soon after the step began, or far into it."""
KINDS = ("få", "klocka", "många", "klocka", "strömavbrott")
"""What the deaths of a step are, in turn."""
SHORTEST = 1.0
LINE = re.compile(r"^✓ ([^·(]+?)(?: \([^)]*\))? · .*?(?:(\d+)\u00a0min )?([\d,]+)\u00a0s$", re.M)
"""A finished step as the console tells it: title and time."""


def seconds_of_steps(told: str) -> dict[str, float]:
    """Title -> seconds of each step, from what an undisturbed pass wrote, in its order."""
    return {title: 60.0 * int(minutes or 0) + float(rest.replace(",", ".")) for title, minutes, rest in LINE.findall(told)}


def deaths(steps: Mapping[str, float], kills: int, seed: int) -> Iterator[Death]:
    """The deaths of a whole pass in the order of its steps, shared evenly among them: the same for the same seed and times."""
    for place, (title, seconds) in enumerate(steps.items()):
        share = kills * (place + 1) // len(steps) - kills * place // len(steps)
        for number in range(share):
            yield _death(title, seconds, KINDS[(number + place) % len(KINDS)], random.Random(f"{seed} {title} {number}"))


def _death(title: str, seconds: float, kind: str, chance: random.Random) -> Death:
    if kind == "klocka":
        return Death(step=title, seconds=chance.uniform(0, max(seconds, SHORTEST)))
    mean = FEW if kind == "få" else MANY
    return Death(step=title, point=1 + int(chance.expovariate(1 / mean)), power_cut=kind == "strömavbrott")


def killed_pass(
    home: Path, work: Callable[[], int], planned: Sequence[Death], until: float, say: Callable[[str], object]
) -> dict[str, int]:
    """Kill and restart as planned but not after `until` (clock of `time.time`), then let the pass end; kills per step.

    A death whose step is not come to any more kills nothing: the pass has ended, and the last attempt finds nothing to do.

    Raises:
        RuntimeError: an attempt ended by itself with a fault.
    """
    dead: dict[str, int] = {}
    for death in planned:
        if time.time() > until:
            break
        done = attempt(home, work, death)
        if not done.killed:
            _require_well(done, dead)
            continue
        dead[death.step] = dead.get(death.step, 0) + 1
        say(f"{time.strftime('%H:%M:%S')} kill {sum(dead.values())} {_words(death)}; before it: {_last_line(done)}")
    _require_well(attempt(home, work, Death()), dead)
    return dead


def _words(death: Death) -> str:
    when = f"after {death.seconds:.1f} s" if death.seconds is not None else f"before operation {death.point}"
    return f"in '{death.step}' {when}{', power cut' if death.power_cut else ''}"


def _require_well(done: Outcome, dead: Mapping[str, int]) -> None:
    if done.code != 0:
        raise RuntimeError(f"after {sum(dead.values())} kills the command ended with {done.code}:\n{done.told[-4000:]}")


def _last_line(done: Outcome) -> str:
    lines = [line for line in done.told.splitlines() if line.strip()]
    return lines[-1][:100] if lines else "(nothing said)"
