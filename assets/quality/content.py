"""From the facts about a delivery to the content of its page. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from assets.bundle.types import Section
from assets.charts import numbers
from assets.intake.names import shown_name
from assets.quality import sections as parts
from assets.quality.phrases import Phrases
from assets.quality.problems import newer_name, problems
from assets.quality.types import DeliveryFacts, DeliveryPage, IndexPage, Problem, RejectedFile

LONGEST_STEM = 60


def page_path(wave: int, file_name: str, delivery_id: str) -> str:
    """`2024/Stockholmsenkaten_2024_Taby_a594198f.html`: only letters, digits, `-` and `_`, whatever the file was called."""
    stem = file_name.rsplit(".", 1)[0] if "." in file_name.strip(".") else file_name
    ascii_stem = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9-]+", "_", ascii_stem).strip("_")[:LONGEST_STEM] or "leverans"
    return f"{wave}/{safe}_{delivery_id[:8]}.html"


def delivery_pages(
    all_facts: Sequence[DeliveryFacts], phrases: Phrases, waves: Collection[int] | None = None
) -> tuple[DeliveryPage, ...]:
    """One page per delivery x wave, in the order given; links between them are filled in.

    Args:
        waves: those whose pages are to be written (all when none are given); the others get no sections.
    """
    paths = {(f.delivery_id, f.wave): page_path(f.wave, f.file_name, f.delivery_id) for f in all_facts}
    return tuple(
        delivery_page(f, phrases, paths.get((f.newer, f.wave), ""), whole=waves is None or f.wave in waves) for f in all_facts
    )


def delivery_page(facts: DeliveryFacts, phrases: Phrases, newer_path: str = "", *, whole: bool = True) -> DeliveryPage:
    """The page of one delivery x wave.

    Args:
        newer_path: the page of the delivery that took its place, if there is one.
        whole: false leaves the sections out: what the page that lists all deliveries needs.
    """
    found = problems(facts, phrases)
    places = _places(facts, phrases)
    name = shown_name(facts.file_name)
    return DeliveryPage(
        delivery_id=facts.delivery_id,
        wave=facts.wave,
        file_name=name,
        title=phrases.say("title", file=name, wave=facts.wave),
        lead=phrases.say("lead", wave=facts.wave, places=places),
        places=places,
        status=facts.status,
        word=phrases.say(f"status.{facts.status}.word"),
        sentence=_sentence(facts, found, phrases),
        received=phrases.count(facts.rows_received),
        newer_path=newer_path,
        problems=found,
        sections=_sections(facts, phrases) if whole else (),
        path=page_path(facts.wave, facts.file_name, facts.delivery_id),
    )


def _places(facts: DeliveryFacts, phrases: Phrases) -> str:
    names = [place.name for place in facts.places] or [phrases.areas.get(facts.sidecar_municipality, "")]
    unknown = {"replaced": "places_of_newer", "unjudged": "places_unjudged"}.get(facts.status, "no_places")
    return phrases.names([name for name in names if name]) or phrases.say(unknown)


def _sentence(facts: DeliveryFacts, found: Sequence[Problem], phrases: Phrases) -> str:
    """What became of the delivery and what to do, as one sentence."""
    if facts.status == "accepted":
        count = sum(problem.severity != "info" for problem in found)
        if not count:
            return phrases.say("accepted_calm")
        things = phrases.say("one_thing") if count == 1 else phrases.say("several_things", count=numbers.spelled(count))
        return phrases.say("accepted_look", count=things)
    return phrases.say(f"status.{facts.status}.text", newer=newer_name(facts, phrases))


def _sections(facts: DeliveryFacts, phrases: Phrases) -> tuple[Section, ...]:
    builders = {
        "file": parts.file_blocks,
        "recognised": parts.recognised_blocks,
        "rows": parts.row_blocks,
        "places": parts.place_blocks,
        "items": parts.item_blocks,
        "screen": parts.screen_blocks,
        "rules": parts.rule_blocks,
        "reading": parts.reading_blocks,
    }
    return tuple(Section(name, phrases.say(f"sections.{name}"), build(facts, phrases)) for name, build in builders.items())


def index_page(
    pages: Sequence[DeliveryPage], rejected: Sequence[RejectedFile], notes: Sequence[str], phrases: Phrases
) -> IndexPage:
    """The page that lists all deliveries and all files that could not be used.

    Args:
        notes: sentences about what lies in the inbox to no use.
    """
    waves: dict[int, list[DeliveryPage]] = {}
    for page in pages:
        waves.setdefault(page.wave, []).append(page)
    states = [page.status for page in pages]
    accepted, stopped = sum(s in {"accepted", "partly"} for s in states), states.count("stopped")
    sentence = phrases.say(
        "index.sentence",
        deliveries=phrases.number_of(len(pages), "index.deliveries"),
        accepted=accepted,
        stopped=stopped,
        other=len(pages) - accepted - stopped,
        rejected=len(rejected),
    )
    ordered: Mapping[int, tuple[DeliveryPage, ...]] = {wave: tuple(waves[wave]) for wave in sorted(waves, reverse=True)}
    return IndexPage(sentence, tuple(rejected), tuple(notes), ordered)
