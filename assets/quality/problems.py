"""What is to be done or known about a delivery, worst first, each with why it matters and what to do. Pure."""

from __future__ import annotations

from assets.intake.names import shown_name
from assets.quality.phrases import Phrases
from assets.quality.types import DeliveryFacts, Problem, RuleResult, Severity

_SEVERITY: dict[str, Severity] = {"critical": "stop", "warning": "warning", "info": "info"}
_ORDER = {"stop": 0, "warning": 1, "info": 2}
DRIFT = ("more", "less")
PROFILE = "harmonised/item_profile"
_EMPTY: dict[str, Severity] = {"gone": "warning", "absent": "info"}
"""Columns without answers: a warning when there were answers last time."""


def problems(facts: DeliveryFacts, phrases: Phrases) -> tuple[Problem, ...]:
    """All problems, in order of severity and otherwise as a steward would read them."""
    if facts.status in {"unjudged", "replaced"}:
        return ()
    found = [*_rules(facts, phrases)]
    if facts.status in {"accepted", "partly", "stopped"}:
        found += [*_questions(facts, phrases), *_rows(facts, phrases)]
    found += [Problem("warning", note, todo=phrases.say("problems.note_todo")) for note in facts.notes]
    return tuple(sorted(found, key=lambda problem: _ORDER[problem.severity]))


def _rules(facts: DeliveryFacts, phrases: Phrases) -> list[Problem]:
    if facts.rules is None:
        return _counted_rules(facts, phrases)
    if not facts.rules and facts.places:
        words = (phrases.say(f"problems.no_rules{part}") for part in ("", "_why", "_todo"))
        return [Problem("warning", *words)]
    return [_rule(rule, facts, phrases) for rule in loud_rules(facts)]


def loud_rules(facts: DeliveryFacts) -> list[RuleResult]:
    """Rules that are broken, and stopping ones that could not be tried on a delivery that was stopped.

    Other rules that were not tried had nothing to judge, and are only counted.
    """
    stopped = facts.critical_broken > 0
    found = facts.rules or ()
    return [r for r in found if r.status == "broken" or (r.status != "holds" and r.severity == "critical" and stopped)]


def _rule(rule: RuleResult, facts: DeliveryFacts, phrases: Phrases) -> Problem:
    what = "broken" if rule.status == "broken" else "unevaluated"
    text = phrases.say(f"problems.{what}", text=rule.said.text)
    about = [key for key in rule.columns if phrases.knows(key)]  # a rule about counts names columns that only the program has
    if about:
        text = phrases.say("problems.columns", text=text, names=phrases.questions(about))
    severity = _SEVERITY.get(rule.severity, "warning")
    touches: tuple[str, ...] = ()
    if phrases.touched and severity != "info":
        touches = phrases.touched(facts, None if severity == "stop" else rule.columns)
    return Problem(severity, text, rule.said.why, rule.said.remedy, touches)


def _counted_rules(facts: DeliveryFacts, phrases: Phrases) -> list[Problem]:
    """Without the table of outcomes only the numbers of broken rules are known."""
    todo = phrases.say("problems.fallback_todo")
    counted: tuple[tuple[str, Severity, int], ...] = (
        ("critical", "stop", facts.critical_broken),
        ("warning", "warning", facts.warnings_broken),
    )
    return [
        Problem(
            kind, phrases.say(f"problems.fallback_{name}", count=phrases.number_of(count, f"problems.{name}_rules")), todo=todo
        )
        for name, kind, count in counted
        if count
    ]


def _questions(facts: DeliveryFacts, phrases: Phrases) -> list[Problem]:
    found = []
    if facts.missing_items:
        count = phrases.number_of(len(facts.missing_items), "problems.questions")
        text = phrases.say("problems.missing", count=count, wave=facts.wave, names=phrases.questions(facts.missing_items))
        found.append(Problem("warning", text, phrases.say("problems.missing_why"), phrases.say("problems.missing_todo")))
    for state, severity in _EMPTY.items():
        keys = [i.item for i in facts.items if i.state == state and i.item not in facts.missing_items]
        if keys:
            count = phrases.number_of(len(keys), "problems.questions")
            text = phrases.say("problems.empty", count=count, names=phrases.questions(keys))
            found.append(Problem(severity, text, todo=phrases.say("problems.empty_todo")))
    drifting = [] if _rules_judge_drift(facts) else [item.item for item in facts.items if item.state in DRIFT]
    if drifting:
        count = phrases.number_of(len(drifting), "problems.questions")
        text = phrases.say("problems.drift", count=count, names=phrases.questions(drifting))
        found.append(Problem("warning", text, phrases.say("problems.drift_why"), phrases.say("problems.drift_todo")))
    if facts.unknown_columns:
        count = phrases.number_of(len(facts.unknown_columns), "problems.columns_noun")
        text = phrases.say("problems.unknown", count=count, names=phrases.names(facts.unknown_columns))
        found.append(Problem("info", text, todo=phrases.say("problems.unknown_todo")))
    return found


def _rules_judge_drift(facts: DeliveryFacts) -> bool:
    """Whether rules of their own compare the questions with the last wave, so that it needn't be said twice."""
    return any(rule.table == PROFILE and rule.status != "not_evaluated" for rule in facts.rules or ())


def _rows(facts: DeliveryFacts, phrases: Phrases) -> list[Problem]:
    found = []
    for name, count in (("duplicates", facts.duplicate_rows), ("repeated", facts.repeated_ids)):
        if count:
            why, todo = phrases.say("problems.duplicates_why"), phrases.say("problems.duplicates_todo")
            found.append(Problem("warning", phrases.say(f"problems.{name}", count=phrases.count(count)), why, todo))
    if facts.rows_outside:
        outside, received = phrases.count(facts.rows_outside), phrases.count(facts.rows_received)
        text = phrases.say("problems.outside", count=outside, received=received)
        found.append(Problem("info", text, todo=phrases.say("problems.outside_todo")))
    if facts.replaced_by:
        found.append(Problem("info", phrases.say("problems.newer", newer=newer_name(facts, phrases))))
    return found


def newer_name(facts: DeliveryFacts, phrases: Phrases) -> str:
    """What took the delivery's place, in words that hold also when both files have the same name."""
    return phrases.say("same_name") if facts.replaced_by == facts.file_name else shown_name(facts.replaced_by)
