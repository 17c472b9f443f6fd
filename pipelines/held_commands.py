"""`did hallinne`: let a municipality's published delivery count although a newer one has come, or let go of it."""

from __future__ import annotations

import argparse
import sys
from datetime import date

from assets.catalogue.load import load_catalogue
from assets.held_deliveries import Held, decide, held_now
from assets.methods.errors import PipelineError
from assets.release_register.store import read_register
from pipelines.paths import Paths

WHEN = "Kör did kor, så räknas kommunen och länet om."


def hold_back(arguments: argparse.Namespace, paths: Paths, today: date) -> list[str]:
    """The lines of the command: what is held now, or what has just been decided.

    Raises:
        PipelineError: `what_to_hold`, only one of municipality and wave, or no such municipality; and those of `decide`.
    """
    names = load_catalogue().area_names
    if arguments.kommun is None and arguments.ar is None:
        held = held_now(paths.root)
        return [_told(one, names.get(one.municipality, one.municipality)) for one in held.values()] or ["Inget hålls inne."]
    if arguments.kommun not in load_catalogue().municipality_by_code or arguments.ar is None:
        hint = 'Till exempel: did hallinne --kommun 0125 --ar 2024 --namn "Åsa Ek" --skal "en sen elev".'
        raise PipelineError("what_to_hold", "Kommandot", "en kommuns kod och ett mättillfälle", "något annat", hint)
    place = (arguments.kommun, arguments.ar)
    made = decide(
        paths.root,
        read_register(paths.root).entries,
        place,
        name=arguments.namn or "",
        reason=arguments.skal or "",
        day=today,
        let_go=arguments.slapp,
    )
    name = names[arguments.kommun]
    if arguments.slapp:
        return [f"{name}, {arguments.ar}: den nyaste leveransen gäller igen. {WHEN}"]
    return [_told(made, name), f"De andra kommunerna går vidare. {WHEN}"]


def _told(one: Held, name: str) -> str:
    return (
        f"{name}, {one.wave}: talen som gavs ut {one.published_on} gäller, och senare leveranser hålls inne "
        f"({one.name}, {one.day}: {one.reason})."
    )


def run(arguments: argparse.Namespace, paths: Paths) -> int:
    """Carry out the command."""
    today = date.today()  # noqa: DTZ011 - the person's own day
    sys.stdout.write("".join(f"{line}\n" for line in hold_back(arguments, paths, today)))
    return 0
