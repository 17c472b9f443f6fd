"""A proposed codebook as a YAML file that a person reads and edits, and as a short summary. Never a row's value. Pure."""

from __future__ import annotations

import json
import re

import yaml

from assets.catalogue.models import Codebook
from assets.intake.evidence import LIKELY, SURE, UNSURE
from assets.intake.fingerprint import fingerprint
from assets.intake.names import shown_name
from assets.intake.roles import REQUIRED, ROLES_SV
from assets.intake.workbench import Match, Proposal
from assets.methods.errors import count_sv

_PLAIN = re.compile(r"[A-Za-zÅÄÖåäö][\wÅÄÖåäö]*")
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
SHOWN = 12


def codebook_id(file_name: str, taken: frozenset[str]) -> str:
    """An id from the file's name that no codebook has: lower-case ascii letters, digits and hyphens."""
    letters = file_name.rsplit(".", 1)[0].casefold().translate(str.maketrans("åäöéü", "aaoeu"))
    stem = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:60] or "kodbok"
    return next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, 1000))) if name not in taken)


def proposal_yaml(proposal: Proposal, book_id: str) -> str:
    """The codebook with its reasons as comments; `parsed` reads it back."""
    base = proposal.base
    lines = [
        f"# Förslag från did kodbok för {shown_name(proposal.file_name)} (fingeravtryck {fingerprint(proposal.delivery)}).",
        "# Läs igenom raderna, rätta det som är fel och ta bort # framför de osäkra som stämmer. Nästa körning använder filen.",
        f"# Det som inte syns i filen är hämtat ur {base.id}.",
        f"id: {_scalar(book_id)}",
        f"survey: {_scalar(base.survey)}",
        f"title_sv: {_text('Egen kodbok för ' + shown_name(proposal.file_name))}",
        f"waves: [{', '.join(map(str, proposal.waves))}]",
        f"match_by: {proposal.match_by}  # {_MATCH_BY_SV[proposal.match_by]}",
        "columns:",
        *_role_lines(proposal),
        "items:  # kolumn i filen: fråga i katalogen",
        *(f"  {_scalar(m.column)}: {m.item}  # {_why(m)}" for m in proposal.active),
        *(f"  # {_scalar(m.column)}: {m.item}  # {_why(m)}" for m in proposal.matches if m.confidence == UNSURE),
        *(["measures:  # kolumn i filen: mått"] if proposal.measures else []),
        *(f"  {_scalar(column)}: {key}" for column, key in proposal.measures.items()),
        "values:",
        *_value_lines(proposal),
        *_label_lines(proposal),
        f"missing_labels: {_flow(proposal.missing_labels)}",
        f"source_codes: {_flow(base.source_codes)}",
        "# okanda: kolumner som inte passar någon fråga",
        *(f"#   {_scalar(shown_name(name))}: {why}" for name, why in proposal.unknown.items()),
    ]
    if proposal.absent:
        lines.append(f"# Frågor som filen saknar: {', '.join(proposal.absent)}")
    return "\n".join(lines) + "\n"


_MATCH_BY_SV = {
    "code": "koderna är desamma som i katalogen",
    "label": "koderna översätts genom filens egna svarsetiketter",
}


def parsed(text: str) -> Codebook:
    """The proposal as a codebook. Raises pydantic's ValidationError when it is none."""
    return Codebook.model_validate(yaml.safe_load(text))


def _why(match: Match) -> str:
    return f"{match.confidence}: {', '.join(match.reasons)}"


def _role_lines(proposal: Proposal) -> list[str]:
    lines = []
    for role, found in proposal.roles.items():
        key = "class" if role == "class_" else role
        if found.column:
            lines.append(f"  {key}: [{_scalar(found.column)}]  # {found.confidence}: {', '.join(found.reasons)}")
        elif role in REQUIRED:
            names = ", ".join(_scalar(name) for name in getattr(proposal.base.columns, role))
            hint = "; ange kommun i en sidofil" if role == "school_municipality" else ""
            lines.append(f"  {key}: [{names}]  # hittades inte i filen{hint}")
    lines.append(f"  respondent: [{', '.join(_scalar(name) for name in proposal.base.columns.respondent)}]")
    return lines


def _value_lines(proposal: Proposal) -> list[str]:
    values = proposal.base.values
    lines = []
    for role in ("grade", "sex"):
        known = {**getattr(values, role), **proposal.guessed.get(role, {})}
        lines.append(f"  {role}: {_flow(known)}")
        if proposal.guessed.get(role):
            lines.append(f"  # Kontrollera, gissat: {', '.join(map(_text, proposal.guessed[role]))}")
        if proposal.strange.get(role):
            lines.append(f"  # Okända etiketter, lägg till dem ovan: {', '.join(map(_text, proposal.strange[role]))}")
    lines.insert(1, f"  grade_ignored: [{', '.join(map(_text, values.grade_ignored))}]")
    return lines


def _label_lines(proposal: Proposal) -> list[str]:
    held = proposal.variants
    lines = ["label_variants:  # stavningar som betyder ett svar i katalogen: svarets kod"] if held else ["label_variants: {}"]
    lines += [f"  {item}: {_flow(labels)}" for item, labels in held.items()]
    for item, labels in proposal.unknown_labels.items():
        lines.append(f"  # {item}: okända svarsetiketter, lägg till dem med sin kod: {', '.join(map(_text, labels))}")
    return lines


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.casefold() not in _YAML_WORDS else _text(text)


def _text(text: str) -> str:
    """Any text as a double-quoted YAML scalar on one line."""
    return json.dumps(text, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\x85")


def _flow(mapping: dict) -> str:
    def side(value: object) -> str:
        return str(value) if isinstance(value, int) else _text(str(value))

    return "{" + ", ".join(f"{side(key)}: {side(value)}" for key, value in mapping.items()) + "}"


def summary_lines(proposal: Proposal) -> list[str]:
    """What the steward reads in the terminal: counts and column names."""
    counts = {c: sum(m.confidence == c for m in proposal.matches) for c in (SURE, LIKELY, UNSURE)}
    cells = proposal.delivery.cells
    lines = [
        f"{shown_name(proposal.file_name)}: {count_sv(cells.width, 'kolumn', 'kolumner')}, "
        f"fingeravtryck {fingerprint(proposal.delivery)}.",
        f"Frågor: {counts[SURE]} säkra, {counts[LIKELY]} troliga, {counts[UNSURE]} osäkra (bortkommenterade). "
        f"Närmaste kodbok är {proposal.base.id}.",
    ]
    background = [f"{ROLES_SV[r]} = {shown_name(f.column)} ({f.confidence})" for r, f in proposal.roles.items() if f.column]
    lines.append(f"Bakgrund: {', '.join(background) or 'inget känns igen'}.")
    absent = [ROLES_SV[r] for r in REQUIRED if not proposal.roles[r].column]
    if absent:
        lines.append(f"Saknas: {', '.join(absent)}. Utan dem kan filen inte läsas (kommunen kan anges i en sidofil).")
    if proposal.unknown:
        names = ", ".join(shown_name(name) for name in list(proposal.unknown)[:SHOWN])
        more = f" och {len(proposal.unknown) - SHOWN} till" if len(proposal.unknown) > SHOWN else ""
        lines.append(f"Okända kolumner: {len(proposal.unknown)} ({names}{more}).")
    if proposal.unknown_labels:
        lines.append(f"Svarsetiketter att lägga till för {', '.join(proposal.unknown_labels)}; de står i filen.")
    return lines
