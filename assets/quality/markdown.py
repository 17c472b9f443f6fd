"""The same content as the pages, in short, as Markdown for the Dagster asset. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from assets.intake.names import in_markdown
from assets.quality.phrases import Phrases
from assets.quality.types import DeliveryPage, IndexPage


def markdown_report(pages: Sequence[DeliveryPage], index: IndexPage, phrases: Phrases) -> str:
    """A table of the deliveries, the worst of each, and the files that could not be used.

    Args:
        pages: the deliveries of the run. index: for its sentence and the rejected files.
    """
    parts = [in_markdown(index.sentence)]
    if phrases.synthetic:
        parts.insert(0, f"**{phrases.say('synthetic_short')}**")
    parts.append(_table(pages, phrases) if pages else phrases.say("markdown.none"))
    loud = [page for page in pages if page.count("stop") or page.count("warning") or page.status != "accepted"]
    if loud:
        parts += [phrases.say("markdown.problems"), "\n".join(line for page in loud for line in _problems(page, phrases))]
    if index.rejected:
        lines = [f"- {in_markdown(file.sentence)} {_place(file.stored, phrases)}" for file in index.rejected]
        parts += [phrases.say("markdown.rejected"), "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _table(pages: Sequence[DeliveryPage], phrases: Phrases) -> str:
    headers = phrases.entry("markdown.table")
    lines = [f"| {' | '.join(headers)} |", "|" + "---|" * len(headers)]
    for page in pages:
        look = phrases.problem_counts(page.count("stop"), page.count("warning"))
        cells = [in_markdown(text) for text in (page.file_name, str(page.wave), page.places, page.word, look)]
        lines.append(f"| {' | '.join(cells)} | `kvalitet/{page.path}` |")
    return "\n".join(lines)


def _problems(page: DeliveryPage, phrases: Phrases) -> list[str]:
    """The delivery's sentence and its first problems as a nested list."""
    shown = page.problems[: phrases.settings.problems_shown]
    lines = [f"- **{in_markdown(page.title)}**: {in_markdown(page.sentence)}"]
    for problem in shown:
        kind = phrases.say(f"severity.{problem.severity}")
        lines.append(f"    - {kind}: {in_markdown(' '.join(filter(None, (problem.text, problem.todo))))}")
    rest = len(page.problems) - len(shown)
    return [*lines, f"    - {phrases.say('markdown.more', count=rest)}"] if rest else lines


def _place(stored: str, phrases: Phrases) -> str:
    return in_markdown(f"({phrases.say('index.place', name=stored) if stored else phrases.say('index.moved')})")
