"""The page that lists the rules for data stewards says what the suites say.

Update after a wanted change: `DID_UPDATE_GOLDEN=1 python -m pytest tests/golden/test_rules_page.py`, then read the diff.
"""

import os

from expectations.page import PAGE, rules_page
from expectations.suite import load_suite, suite_tables


def test_the_page_is_the_suites():
    if os.environ.get("DID_UPDATE_GOLDEN") == "1":
        PAGE.write_text(rules_page(), encoding="utf-8", newline="\n")
    assert PAGE.read_text(encoding="utf-8") == rules_page(), "kör python -m expectations.page"


def test_every_rule_stands_on_the_page_with_its_three_texts():
    page = rules_page()
    rules = [rule for table in suite_tables() for rule in load_suite(table).rules]
    assert len(rules) >= 100
    for rule in rules:
        assert f"**{rule.text_sv}** (`{rule.id}`, " in page
        assert f"- Varför: {rule.why_sv}\n- Gör så här: {rule.remedy_sv}\n" in page
