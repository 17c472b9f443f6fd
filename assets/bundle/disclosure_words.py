"""The disclosure policy as a bundle tells it: rules with the values of each edition, decisions and waivers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assets.charts.numbers import date_text
from assets.methods.disclosure_policy import NUMBERS, Decision, DisclosurePolicy, PolicyRule
from assets.methods.waivers import waiver_records


@dataclass(frozen=True)
class DisclosureWords:
    """What is told of the policy.

    `rules`: edition -> rows of text, value, kind and reason.
    `rule_texts`: edition -> rule id -> its text with the edition's value.
    `sensitive`: names of sensitive indices. `with_districts`: editions that have districts.
    """

    version: str
    valid_from: str
    decisions: tuple[str, ...]
    sensitive: tuple[str, ...]
    rules: Mapping[str, tuple[tuple[str, str, str, str], ...]]
    rule_texts: Mapping[str, Mapping[str, str]]
    with_districts: frozenset[str]


def disclosure_words(policy: DisclosurePolicy, index_names: Mapping[str, str], texts: Mapping[str, Any]) -> DisclosureWords:
    """The policy in words. `texts`: `method_folder.disclosure` of the report's texts."""
    return DisclosureWords(
        version=str(policy.version),
        valid_from=date_text(policy.valid_from),
        decisions=tuple(_decision(one, texts) for _, one in sorted(policy.decisions.items())),
        sensitive=tuple(index_names[key] for key in policy.sensitive_indices),
        rules={edition: tuple(_row(rule, policy, edition, texts) for rule in policy.rules) for edition in policy.editions},
        rule_texts={edition: {rule.id: _told(rule, policy, edition)[0] for rule in policy.rules} for edition in policy.editions},
        with_districts=frozenset(edition for edition in policy.editions if policy.districts(edition)),
    )


def waiver_lines(policy: DisclosurePolicy) -> dict[str, tuple[Mapping[str, object], ...]]:
    """Edition -> its waivers as in `waiver_records`, each with the `text` of the rule as it is waived; only editions with any."""
    found = {
        edition: tuple(
            {**record, "text": _told(policy.rule(str(record["rule"])), policy, edition)[0]}
            for record in waiver_records(policy, edition)
        )
        for edition in policy.editions
    }
    return {edition: lines for edition, lines in found.items() if lines}


def _row(rule: PolicyRule, policy: DisclosurePolicy, edition: str, texts: Mapping[str, Any]) -> tuple[str, str, str, str]:
    text, value = _told(rule, policy, edition)
    return text, value or str(texts["yes"]), str(texts["kinds"][rule.kind]), rule.why


def _told(rule: PolicyRule, policy: DisclosurePolicy, edition: str) -> tuple[str, str]:
    """A rule's text and value in an edition; no value when it only protects."""
    if rule.id not in NUMBERS:
        return rule.told(), ""
    value = getattr(policy.numbers(edition), rule.id)
    return rule.told(value), str(value)


def _decision(one: Decision, texts: Mapping[str, Any]) -> str:
    more = f", {date_text(one.on)}, {one.document}" if one.on else ""
    return str(texts["decision"]).format(text=one.text_sv.rstrip("."), by=one.by, more=more) + "."
