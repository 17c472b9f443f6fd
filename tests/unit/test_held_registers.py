"""What a steward reads when the register values are held back: the cause, not everything that follows from it."""

from assets.validated import held_registers_sentence
from expectations.run import RuleOutcome
from expectations.suite import load_suite

RULES = load_suite("harmonised/register_values").rules


def outcome(rule, status):
    return RuleOutcome(rule, status, rows=0, columns_tried=1)


def test_without_files_only_the_missing_files_are_told():
    said = held_registers_sentence([outcome(RULES[0], "broken"), outcome(RULES[1], "not_evaluated")])
    assert said == (
        "Registervärdena stoppades, de bröt mot: Det finns registervärden. Lägg registerfilerna i mappen inbox/register, "
        "eller hämta dem med jobbet hamta_register. De senast godkända värdena ligger kvar."
    )


def test_every_broken_rule_is_told():
    said = held_registers_sentence([outcome(RULES[0], "broken"), outcome(RULES[1], "broken")])
    assert all(rule.text_sv in said and rule.remedy_sv in said for rule in RULES[:2])


def test_a_rule_that_could_not_be_tried_is_told_when_nothing_else_stops():
    assert RULES[1].text_sv in held_registers_sentence([outcome(RULES[1], "not_evaluated")])
