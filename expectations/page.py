"""The page that lists every rule for data stewards, from the suites: `python -m expectations.page` writes it.

A test keeps the page and the suites equal.
"""

from __future__ import annotations

from pathlib import Path

from expectations.suite import Rule, load_suite, suite_tables

PAGE = Path(__file__).parents[1] / "docs" / "steward" / "kontroller.md"
SEVERITIES = {"critical": "stopp", "warning": "varning", "info": "info"}
LAYERS = {
    "raw": "Råa data: det som lästes in",
    "harmonised": "Enhetliga data: kodboken tillämpad",
    "validated": "Godkända data: det som räknas",
    "indices": "Index: det som räknas fram",
    "release": "Utgåvan: det som får visas",
}
HEAD = """# Kontroller

För dig som tar emot leveranser. Sidan skrivs av programmet (`python -m expectations.page`) ur reglerna i
`expectations/suites/`; ändra där, inte här.

Varje regel visas i Dagster på tabellen den hör till. Utfallet per leverans och mättillfälle står i `validated/rule_outcomes`, och
`did kontroller` räknar upp det som bröts. Reglerna prövas om när en leverans ska godkännas.

| allvar | betyder |
|---|---|
| stopp | kontrollen är röd; vad som stannar står nedan |
| varning | kontrollen är gul, leveransen går vidare; titta på det innan siffrorna visas |
| info | bra att veta: kontrollen är grön och texten börjar med ”Att titta på” |

En bruten stoppande regel i `harmonised/survey_responses`, `item_profile`, `delivery_counts` eller `delivery_gaps` håller
tillbaka den leveransen, ensam; kommunens senast godkända svar ligger kvar. I `harmonised/register_values` hålls registren
tillbaka, och i utgåvan stannar körningen. I de andra tabellerna visar den ett fel i inläsningen eller programmet, och du avgör
vad som behövs.

En regel som inte gick att pröva är aldrig grön: en tom tabell, ett programfel eller en lista i katalogen som är tom visas som
*Regeln kunde inte prövas*, och är regeln stoppande hålls leveransen tillbaka. Ett undantag finns: saknas det som regeln jämför
med (märkt *jämför*), till exempel ett tidigare mättillfälle, står det att det inte finns något att jämföra med ännu.
"""


def rules_page() -> str:
    """The whole page as markdown."""
    parts = [HEAD]
    for layer, title in LAYERS.items():
        parts.append(f"\n## {title}\n")
        for table in (t for t in suite_tables() if t.startswith(f"{layer}/")):
            parts.append(f"\n### {table}\n")
            parts += [_entry(rule) for rule in load_suite(table).rules]
    return "".join(parts)


def _entry(rule: Rule) -> str:
    compared = ", jämför" if rule.reference else ""
    return (
        f"\n**{rule.text_sv}** (`{rule.id}`, {SEVERITIES[rule.severity]}{compared})\n"
        f"- Varför: {rule.why_sv}\n- Gör så här: {rule.remedy_sv}\n"
    )


if __name__ == "__main__":
    PAGE.write_text(rules_page(), encoding="utf-8", newline="\n")
