"""What the method folder is told of the catalogue: a row per indicator and question, and the disclosure rules. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assets.bundle.disclosure_words import DisclosureWords, disclosure_words
from assets.catalogue.indicator_models import AtLeast, Indicator, Rule
from assets.catalogue.load import Catalogue
from assets.catalogue.models import Item
from assets.charts import numbers
from assets.methods.disclosure_policy import load_policy
from assets.registers.models import RegisterSource, Unit

Texts = Mapping[str, Any]
Line = dict[str, str]


@dataclass(frozen=True)
class MethodDefinitions:
    """Rows with the keys of `method_folder.indicator_columns` (and `kind_key`) and `method_folder.codebook_columns`.

    `disclosure`: the disclosure policy as it is told. `sources`: source -> who publishes it.
    `questions`: series -> wave and words of its changed questions.
    """

    survey: str
    indicators: tuple[Line, ...]
    codebook: tuple[Line, ...]
    missing: tuple[tuple[str, str], ...]
    disclosure: DisclosureWords
    sources: Mapping[str, str]
    questions: Mapping[str, tuple[tuple[int, str], ...]]


def method_definitions(
    catalogue: Catalogue, sources: Iterable[RegisterSource], units: Mapping[str, Unit], texts: Texts
) -> MethodDefinitions:
    """Everything the folder says of definitions. `texts`: `method_folder` of the report's texts."""
    series = [(i.key, catalogue.breaks_of(i.key)) for i in catalogue.indices]
    series += [(i.id, catalogue.breaks_of_items(i.items)) for i in catalogue.indicator_file.indicators]
    return MethodDefinitions(
        survey=catalogue.survey.title_sv,
        indicators=(*_indices(catalogue, texts), *_questions(catalogue, texts), *_scales(catalogue, texts),
                    *_registers(sources, units, texts)),
        codebook=tuple(_item(catalogue, item, texts) for item in catalogue.survey.items),
        missing=tuple((str(code), kind.label) for code, kind in catalogue.survey.missing_kinds.items()),
        disclosure=disclosure_words(
            load_policy(catalogue.disclosure), {i.key: i.label_sv for i in catalogue.indices}, texts["disclosure"]
        ),
        sources={source.source: source.publisher_sv for source in reversed(list(sources))},
        questions={key: tuple((b.year, b.text_sv) for b in breaks) for key, breaks in series if breaks},
    )  # fmt: skip


def _indices(catalogue: Catalogue, texts: Texts) -> list[Line]:
    minimum, sensitive = catalogue.index_file.minimum_answered, catalogue.disclosure["sensitive_indices"]
    rows = []
    for index in catalogue.indices:
        names = ", ".join(part.item for part in index.items)
        told = texts["definition"]["index"].format(items=len(index.items), description=index.description_sv, names=names)
        rows.append({
            "kind_key": "index", "id": index.key, "name": index.label_sv, "kind": texts["kinds"]["index"], "definition": told,
            "base": texts["base_index"].format(minimum=minimum), "source": catalogue.survey.title_sv,
            "waves": texts["waves"]["all"], "breaks": _breaks(catalogue.breaks_of(index.key), texts),
            "direction": texts["directions"]["low_good"],
            "class": texts["classes"]["sensitive" if index.key in sensitive else "usual"], "unit": texts["units"][index.kind],
        })  # fmt: skip
    return rows


def _questions(catalogue: Catalogue, texts: Texts) -> list[Line]:
    file = catalogue.indicator_file
    return [
        {
            "kind_key": "indicator", "id": one.id, "name": one.title_sv, "kind": texts["kinds"]["indicator"],
            "definition": _rule(one.numerator, texts), "base": one.base_text, "source": _source(one, catalogue),
            "waves": _waves(one.first_wave, one.last_wave, texts),
            "breaks": _breaks(catalogue.breaks_of_items(one.items), texts),
            "direction": texts["directions"]["high_good" if one.good else "low_good"],
            "class": texts["classes"]["sensitive" if one.sensitive else "usual"], "unit": texts["units"]["share"],
        }
        for one in file.indicators
    ]  # fmt: skip


def _source(one: Indicator, catalogue: Catalogue) -> str:
    known = one.source == "stockholms_stad"
    return f"{catalogue.survey.title_sv}. {catalogue.indicator_file.source_sv}" if known else catalogue.survey.title_sv


def _scales(catalogue: Catalogue, texts: Texts) -> list[Line]:
    rows = []
    for one in catalogue.indicator_file.indices:
        names = ", ".join(part.item for part in one.items)
        rows.append({
            "kind_key": "scale", "id": one.id, "name": one.title_sv, "kind": texts["kinds"]["scale"],
            "definition": texts["definition"]["scale"].format(items=len(one.items), names=names),
            "base": texts["base_scale"].format(minimum=one.minimum_answered), "source": catalogue.survey.title_sv,
            "waves": texts["waves"]["all"],
            "breaks": _breaks(catalogue.breaks_of_items(part.item for part in one.items), texts),
            "direction": texts["directions"]["high_good" if one.high_is == "good" else "low_good"],
            "class": texts["classes"]["sensitive" if one.sensitive else "usual"], "unit": texts["units"]["score"],
        })  # fmt: skip
    return rows


def _registers(sources: Iterable[RegisterSource], units: Mapping[str, Unit], texts: Texts) -> list[Line]:
    return [
        {
            "kind_key": "register", "id": one.key, "name": one.title_sv, "kind": texts["kinds"]["register"],
            "definition": one.title_official or one.title_sv, "base": texts["base_register"],
            "source": f"{source.title_sv}, {source.publisher_sv}", "waves": texts["waves"]["all"], "breaks": texts["no_breaks"],
            "direction": texts["directions"]["none"], "class": texts["classes"]["open"],
            "unit": numbers.lower_first(units[one.unit].axis_sv),
        }
        for source in sources
        for one in source.indicators
    ]  # fmt: skip


def _rule(rule: Rule, texts: Texts) -> str:
    words = texts["definition"]
    kind = "any_of" if rule.any_of else "all_of" if rule.all_of else "count_of"
    parts = []
    for item, codes in rule.conditions.items():
        if isinstance(codes, AtLeast):
            parts.append(words["least"].format(item=item, minimum=codes.minimum))
        else:
            parts.append(words["codes"].format(item=item, codes=", ".join(map(str, codes))))
    return str(words[kind]).format(conditions="; ".join(parts), least=rule.needed)


def _waves(first: int | None, last: int | None, texts: Texts) -> str:
    kind = "both" if first and last else "first" if first else "last" if last else "all"
    return str(texts["waves"][kind]).format(first=first, last=last)


def _breaks(breaks: Iterable[Any], texts: Texts) -> str:
    return "; ".join(f"{b.year}: {numbers.lower_first(b.text_sv)}" for b in breaks) or str(texts["no_breaks"])


def _item(catalogue: Catalogue, item: Item, texts: Texts) -> Line:
    earlier = sorted({
        name for book in catalogue.codebooks for name, key in book.items.items() if key == item.key and name != item.key
    } | ({item.earlier} if item.earlier else set()))  # fmt: skip
    answers = item.answers or (catalogue.survey.scales[item.scale] if item.scale else {})
    codes = "; ".join(f"{code} = {label}" for code, label in answers.items())
    if item.maximum is not None:
        codes = texts["maximum"].format(maximum=item.maximum)
    used = [index.label_sv for index in catalogue.indices if item.key in {part.item for part in index.items}]
    return {
        "key": item.key, "earlier": ", ".join(earlier), "label": item.label_sv,
        "section": texts["sections"].get(item.section, item.section), "kind": texts["answer_types"][item.type], "answers": codes,
        "first": "" if item.first_wave is None else str(item.first_wave),
        "last": "" if item.last_wave is None else str(item.last_wave), "used": ", ".join(used),
    }  # fmt: skip
