"""How the numbers were made, in words: the same text in the report and on the method page."""

from __future__ import annotations

from assets.bundle.cutoffs import cutoff_blocks
from assets.bundle.noise_words import noise_blocks
from assets.bundle.types import Block, Bullets, Notice, Section, SubHeading, Terms, Text
from assets.bundle.waiver_words import waiver_blocks
from assets.bundle.words import Context, date_text
from assets.charts import numbers


def method_section(context: Context) -> Section:
    """Index, limits, estimator, intervals and what they leave out, disclosure rules, sources and licences."""
    meta = context.meta
    words = {
        "minimum": numbers.spelled(meta.minimum_answered),
        "scoring": meta.scoring[1],
        "cutoff_title": meta.cutoff_title,
        "cutoff_reference": meta.cutoff_reference,
        "comparison": meta.comparison_text,
        "development": meta.trend_text,
    }
    terms = tuple((name, text.format(**words)) for name, text in context.entry("method.terms"))
    sources = [text.format(attribution=context.say("method.attribution")) for text in context.entry("method.sources")]
    if meta.charts.synthetic:
        sources.insert(0, context.say("method.synthetic_source"))
    labels = context.entry("method.facts")
    facts = (
        (labels["scoring"], meta.scoring[0]),
        (labels["parameters"], meta.parameters_version),
        (labels["cutoffs"], meta.cutoff_id),
        (labels["version"], meta.version),
        (labels["released"], date_text(meta.released)),
        (labels["edition"], context.say(f"common.editions.{context.scope.edition}")),
    )
    blocks: list[Block] = [
        Text(context.say("method.intro")),
        *([Notice(meta.other_limits)] if meta.other_limits else []),
        Terms(terms),
        SubHeading("metod-intervall", context.say("method.interval_title")),
        Terms(tuple((name, text) for name, text in context.entry("method.interval"))),
        *waiver_blocks(context, "metod-undantag"),
        *noise_blocks(context, "metod-brus"),
        *([] if context.frames.index_anatomy.is_empty() else [Text(context.say("method.anatomy"))]),
        *cutoff_blocks(context),
        SubHeading("metod-kallor", context.say("method.sources_title")),
        Bullets(tuple(sources)),
        Text(context.say(f"method.license.{context.scope.edition}")),
        SubHeading("metod-version", context.say("method.facts_title")),
        Terms(facts),
    ]
    return Section("metod", context.title("metod"), tuple(blocks))
