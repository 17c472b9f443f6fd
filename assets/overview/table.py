"""From tables and folders to where each municipality is in each wave, what stops it and what that touches. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.lineage.radius import Radius, radius
from assets.lineage.words import broken_by, lines
from assets.overview.sent_out import ANOTHER, CHANGED, MISSING, UNREGISTERED, WHOLE
from assets.overview.types import DONE, NONE, OLD, PART, STOPPED, WAITING, BundleFact, Facts, FileRow, Overview, Row, WaitingFile
from assets.sealing.approvals import NEEDED, State

if TYPE_CHECKING:
    from assets.catalogue.load import Catalogue

RuleSays = Callable[[str, str], str]
"""Table and rule -> what the rule says and what to do."""
PAGE = "kvalitet/index.html"
UNREADABLE = "unreadable"
HALTED = (
    (State.REFUSED, "stopped", STOPPED),
    (State.STALE, "old", OLD),
    (State.NAMELESS, "nameless", WAITING),
)
"""States of a bundle that more approvals don't help: the words for it, and what its step is."""
LOST = {CHANGED: STOPPED, UNREGISTERED: STOPPED, MISSING: WAITING}
"""What is wrong with what has gone out, and what its step is."""


@dataclass(frozen=True)
class Held:
    """A delivery that a stopping rule holds back in a wave: its file and the rules, and where its rows belong."""

    delivery_id: str
    wave: int
    file_name: str
    rules: tuple[tuple[str, str, tuple[str, ...]], ...]
    places: tuple[tuple[str, int], ...]


def status_overview(facts: Facts, catalogue: Catalogue, texts: Mapping[str, Any], rule_says: RuleSays) -> Overview:
    """The overview of all waves.

    Args:
        texts: `texts/overview.yml`. rule_says: words of a rule; asked only about broken ones.
    """
    maker = _Maker(facts, catalogue, texts, rule_says)
    waves = sorted(catalogue.calendar.survey_waves, reverse=True)
    places = sorted(catalogue.municipalities, key=lambda one: _alphabetical(one.name))
    rows = tuple(maker.row(one.municipality_code, one.name, wave) for wave in waves for one in places)
    files = tuple(maker.file(file) for file in facts.files)
    return Overview(rows, files, facts.steps, catalogue.publication.synthetic)


def _alphabetical(name: str) -> str:
    """Å, Ä and Ö last."""
    return name.lower().translate(str.maketrans({"å": "{", "ä": "|", "ö": "}"}))


def held_deliveries(facts: Facts) -> tuple[Held, ...]:
    """Deliveries that a stopping rule holds back, by wave and file."""
    if facts.verdicts.is_empty():
        return ()
    broken = facts.verdicts.filter(
        ~pl.col("promoted") & (pl.col("critical_broken") > 0) & pl.col("municipality_code").is_not_null()
    )
    found = []
    for (delivery, wave), rows in sorted(broken.partition_by("delivery_id", "wave", as_dict=True).items()):
        places = tuple((code, wave) for code in sorted(rows["municipality_code"].unique().to_list()))
        found.append(Held(delivery, wave, rows["source_file"][0], _rules(facts.outcomes, delivery, wave), places))
    return tuple(found)


def _rules(outcomes: pl.DataFrame, delivery: str, wave: int) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Table, rule and the columns that broke it, of the stopping rules that a delivery doesn't hold."""
    if outcomes.is_empty():
        return ()
    mine = outcomes.filter((pl.col("delivery_id") == delivery) & (pl.col("wave") == wave) & (pl.col("severity") == "critical"))
    rows = mine.sort("table_name", "rule").select("table_name", "rule", "columns_broken").iter_rows()
    return tuple((table, rule, columns_of(columns)) for table, rule, columns in rows)


def columns_of(text: str | None) -> tuple[str, ...]:
    """The columns of `columns_broken`."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


class _Maker:
    """The facts by place, and the words."""

    def __init__(self, facts: Facts, catalogue: Catalogue, texts: Mapping[str, Any], rule_says: RuleSays) -> None:
        self.facts, self.catalogue, self.texts, self.rule_says = facts, catalogue, texts, rule_says

    @cached_property
    def _held(self) -> dict[tuple[str, int], Held]:
        return {place: one for one in held_deliveries(self.facts) for place in one.places}

    @cached_property
    def _verdicts(self) -> dict[tuple[str, int], list[dict[str, Any]]]:
        found: dict[tuple[str, int], list[dict[str, Any]]] = {}
        if not self.facts.verdicts.is_empty():
            columns = ["municipality_code", "wave", "promoted", "status", "source_file", "delivery_id"]
            rows = self.facts.verdicts.filter(pl.col("municipality_code").is_not_null()).select(columns).sort(columns)
            for row in rows.iter_rows(named=True):
                found.setdefault((row["municipality_code"], row["wave"]), []).append(row)
        return found

    @cached_property
    def _sha(self) -> dict[str, str]:
        frame = self.facts.deliveries
        return dict(frame.select("delivery_id", "source_sha256").iter_rows()) if not frame.is_empty() else {}

    @cached_property
    def _declared(self) -> dict[tuple[str, int], str]:
        """Deliveries that are read but not judged, where a sidecar says whose they are, or another wave of the same file does."""
        frame, verdicts = self.facts.deliveries, self.facts.verdicts
        if frame.is_empty():
            return {}
        judged = set(verdicts.select("delivery_id", "wave").iter_rows()) if not verdicts.is_empty() else set()
        whose: dict[str, set[str]] = {}
        for (code, _), rows in self._verdicts.items():
            for row in rows:
                whose.setdefault(row["delivery_id"], set()).add(code)
        found = {}
        for code, wave, file, delivery in frame.select("municipality_code", "wave", "source_file", "delivery_id").iter_rows():
            others = whose.get(delivery, set()) if (delivery, wave) not in judged else set()
            found |= {(one, wave): file for one in ({code} if code else others)}
        return found

    @cached_property
    def _bundles(self) -> dict[tuple[str, int], list[BundleFact]]:
        found: dict[tuple[str, int], list[BundleFact]] = {}
        for one in sorted(self.facts.bundles, key=lambda one: (one.edition, one.folder)):
            found.setdefault((one.area_code, one.wave), []).append(one)
        return found

    def _waiting(self, place: tuple[str, int]) -> list[WaitingFile]:
        return [file for file in self.facts.files if place in file.places]

    def row(self, code: str, name: str, wave: int) -> Row:
        """Where one municipality is in one wave."""
        place = (code, wave)
        states: dict[str, str] = {}
        stops: tuple[str, dict[str, object]] | None = None
        for step in self.facts.steps:
            state, key, words = getattr(self, f"_{step}")(place, states)
            states[step] = state
            if stops is None and key:
                stops = (key, words)
        bundles = self._bundles.get(place, [])
        approvals = ", ".join(f"{one.edition} {min(one.approvals, NEEDED)}/{NEEDED}" for one in bundles)
        editions = {"approved": _editions(bundles, _is_approved), "published": _editions(bundles, _is_published)}
        stopped = STOPPED in states.values() or PART in (states["recognised"], states["validated"])
        return Row(
            wave, code, name, states, approvals, self.facts.forms.get(code, 0),
            self._say(*stops, wave=wave) if stops else "", stopped, self._touches(place) if stopped else (),
            editions,
        )  # fmt: skip

    def file(self, file: WaitingFile) -> FileRow:
        """A file that waits, with what it touches: all of its own municipality and wave."""
        sentence = file.sentence or self.texts["unread"].format(file=file.file_name)
        if not file.sentence:
            return FileRow(file.file_name, sentence)
        return FileRow(file.file_name, sentence, self.told(file_radius(self.catalogue, file, self.facts.entries), file.known_by))

    def told(self, found: Radius, known_by: str = "") -> tuple[str, ...]:
        """A radius in words; how the place is known stands on its first line."""
        told = lines(found, self.catalogue, self.texts)
        mark = {"same_name": "same_name", "file_name": "guessed"}.get(known_by, "")
        return (self.texts["radius"][mark].format(text=told[0]), *told[1:]) if mark and found.places else told

    def _touches(self, place: tuple[str, int]) -> tuple[str, ...]:
        held = self._held.get(place)
        if held:
            sha = self._sha.get(held.delivery_id, "")
            told = self.told(radius(self.catalogue, None, held.places, self.facts.entries, sha))
            columns = [column for _, _, found in held.rules for column in found]
            return (*broken_by(columns, self.catalogue, self.texts), *told)
        files = [file for file in self._waiting(place) if file.sentence]
        return self.file(files[0]).touches if files else ()

    def _say(self, key: str, words: Mapping[str, object], *, wave: int) -> str:
        return " ".join(self.texts["stopping"][key].format(**{"wave": wave, "page": PAGE, **words}).split())

    # one method per step: state, key of the sentence that says what stops it (or none) and its words

    def _delivered(self, place: tuple[str, int], _: Mapping[str, str]) -> tuple[str, str, dict[str, object]]:
        files = self._waiting(place)
        if place in self._verdicts or place in self._declared or any(file.sentence for file in files):
            return DONE, "", {}
        if files:
            return WAITING, "delivered.waiting", {"file": files[0].file_name}
        return NONE, "delivered.none", {}

    def _recognised(self, place: tuple[str, int], before: Mapping[str, str]) -> tuple[str, str, dict[str, object]]:
        files = self._waiting(place)
        refused = [file for file in files if file.sentence]
        if place in self._verdicts or place in self._declared:
            return (PART, "recognised.stopped", {"sentence": refused[0].sentence}) if refused else (DONE, "", {})
        if refused:
            return STOPPED, "recognised.stopped", {"sentence": refused[0].sentence}
        return (WAITING if before["delivered"] != NONE else NONE), "", {}

    def _validated(self, place: tuple[str, int], before: Mapping[str, str]) -> tuple[str, str, dict[str, object]]:
        rows, held = self._verdicts.get(place, []), self._held.get(place)
        promoted = any(row["promoted"] for row in rows)
        if held:
            rules = " ".join(self.rule_says(table, rule) for table, rule, _ in held.rules)
            state = PART if promoted else STOPPED
            return state, f"validated.{state}", {"file": held.file_name, "rules": rules}
        if promoted:
            return DONE, "", {}
        if rows:
            return STOPPED, "validated.none", {"file": rows[0]["source_file"], "status": rows[0]["status"]}
        if place in self._declared:
            return WAITING, "validated.waiting", {}
        return _after(before, "recognised"), "", {}

    def _promoted(self, place: tuple[str, int]) -> frozenset[str]:
        rows = self._verdicts.get(place, [])
        return frozenset(self._sha.get(row["delivery_id"], "") for row in rows if row["promoted"])

    def _indexed(self, place: tuple[str, int], before: Mapping[str, str]) -> tuple[str, str, dict[str, object]]:
        if not self._promoted(place):
            return _after(before, "validated"), "", {}
        return (DONE, "", {}) if place in self.facts.indexed else (WAITING, "indexed.waiting", {})

    def _released(self, place: tuple[str, int], before: Mapping[str, str]) -> tuple[str, str, dict[str, object]]:
        promoted, behind = self._promoted(place), self.facts.behind.get(place, frozenset())
        if not promoted:
            return _after(before, "validated"), "", {}
        if not behind:
            return WAITING, "released.waiting", {}
        if behind != promoted:
            return OLD, "released.old", {}
        if self.facts.audited and not self.facts.release_id:
            return STOPPED, "released.stopped", {}
        return DONE, "", {}

    def _bundle(self, place: tuple[str, int], before: Mapping[str, str]) -> tuple[str, str, dict[str, object]]:
        found = self._bundles.get(place, [])
        if any(one.state == UNREADABLE for one in found):
            return STOPPED, "bundle.stopped", {}
        if not found:
            if before["released"] in (NONE, WAITING, STOPPED):
                return _after(before, "released"), "", {}
            return WAITING, "bundle.waiting", {}
        # without a passed release nothing newer can be written, and what lies there was made of one that had passed
        old = bool(self.facts.release_id) and any(one.release_id != self.facts.release_id for one in found)
        return (OLD, "bundle.old", {}) if old or before["released"] == OLD else (DONE, "", {})

    def _approved(self, place: tuple[str, int], before: Mapping[str, str]) -> tuple[str, str, dict[str, object]]:
        found = self._bundles.get(place, [])
        if not found:
            return _after(before, "bundle"), "", {}
        waiting = [one for one in found if not _is_approved(one)]
        for one in (one for one in found if one.out == ANOTHER):
            return OLD, "approved.another", {"edition": one.edition}
        for halted, key, state in HALTED:
            for one in (one for one in waiting if one.state == halted.name):
                return state, f"approved.{key}", {"edition": one.edition}
        begun = [one for one in waiting if one.approvals]
        if begun:
            return PART, "approved.part", {"edition": begun[0].edition}
        # one edition is enough: whether the other is handed out too is for the municipality to decide
        return (DONE, "", {}) if len(waiting) < len(found) else (WAITING, "approved.waiting", {"edition": waiting[0].edition})

    def _published(self, place: tuple[str, int], before: Mapping[str, str]) -> tuple[str, str, dict[str, object]]:
        found = self._bundles.get(place, [])
        if not found:
            return _after(before, "approved"), "", {}
        for one in (one for one in found if one.out in LOST):
            return LOST[one.out], f"published.{one.out}", {"edition": one.edition}
        out, left = _editions(found, _is_published), [one for one in found if not _is_published(one)]
        ready = [one.edition for one in left if _is_approved(one)]
        if ready:
            state = PART if out else WAITING
            return state, f"published.{state}", {"edition": ready[0]}
        if not out:
            return WAITING, "", {}
        return (DONE, "published.other", {"out": ", ".join(out), "edition": left[0].edition}) if left else (DONE, "", {})


def _is_published(bundle: BundleFact) -> bool:
    return bundle.out == WHOLE


def _is_approved(bundle: BundleFact) -> bool:
    return bundle.out in (WHOLE, *LOST) or bundle.approvals >= NEEDED


def _editions(bundles: Iterable[BundleFact], done: Callable[[BundleFact], bool]) -> tuple[str, ...]:
    """The editions whose bundle has come so far."""
    return tuple(dict.fromkeys(one.edition for one in bundles if done(one)))


def _after(before: Mapping[str, str], step: str) -> str:
    """What a step is that can't begin: nothing has come, or it waits for the one before."""
    return NONE if before.get(step) == NONE else WAITING


def file_radius(catalogue: Catalogue, file: WaitingFile, entries: Sequence[Any] = ()) -> Radius:
    """What a file that isn't used touches: all numbers of the municipalities and waves that it is about."""
    return radius(catalogue, None, file.places, entries)


def counts(rows: Iterable[Row], steps: Sequence[str]) -> dict[str, int]:
    """Step -> in how many municipalities it is done; what is done per edition counts as soon as one edition is."""
    found = list(rows)
    return {step: sum(bool(row.editions.get(step)) or row.states[step] == DONE for row in found) for step in steps}


def counts_by_edition(rows: Iterable[Row], step: str) -> dict[str, int]:
    """Edition -> in how many municipalities a step is done for it; none for a step that isn't taken per edition."""
    return dict(sorted(Counter(edition for row in rows for edition in row.editions.get(step, ())).items()))
