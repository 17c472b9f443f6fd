"""The catalogue's numbers against the published ones, and its words against the questionnaire's."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from assets.catalogue.load import ROOT, load_catalogue

DATA = Path(__file__).parent / "data"
CATALOGUE = load_catalogue()
OLD = next(b for b in CATALOGUE.codebooks if b.match_by == "label")
INDEX_BY_SOURCE = {index.source_name: index for index in CATALOGUE.indices}


def facts(name: str) -> list[dict[str, str]]:
    """Rows of a CSV below `data`."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("index", CATALOGUE.indices, ids=lambda i: i.key)
def test_thresholds_are_the_published_ones(index):
    rows = [r for r in facts("rasch/item_parameters.csv") if r["index"] == index.source_name]
    published = {
        OLD.items[r["item"]]: tuple(float(r[f"threshold_{n}"]) for n in range(1, 5) if r[f"threshold_{n}"]) for r in rows
    }
    assert len(rows) >= 6
    assert {part.item: part.thresholds for part in index.items} == published
    assert {part.item: len(part.thresholds) + 1 for part in index.items} == {
        OLD.items[r["item"]]: int(r["n_categories"]) for r in rows
    }


@pytest.mark.parametrize("index", CATALOGUE.indices, ids=lambda i: i.key)
def test_scores_of_every_code_are_the_published_ones(index):
    published: dict[str, dict[int, int]] = {}
    for row in (r for r in facts("catalogue/response_scores.csv") if r["score"]):  # no score: a kind of missing answer
        published.setdefault(row["item_2024"], {})[int(row["code"])] = int(row["score"])
    for part in index.items:
        assert part.scores == published[part.item], part.item


@pytest.mark.parametrize("cutoffs", CATALOGUE.cutoff_file.sets, ids=lambda s: s.id)
def test_cut_offs_are_the_published_ones_bound_by_index(cutoffs):
    version = cutoffs.id.removeprefix("rise-")
    rows = {r["index"]: r for r in facts("catalogue/risk_limits.csv") if r["version"] == version}
    assert set(rows) == set(INDEX_BY_SOURCE), "the version exists and has every index"
    for source, row in rows.items():
        index = INDEX_BY_SOURCE[source]
        cut = cutoffs.cuts[index.key]
        assert (cut.lower, cut.upper) == (float(row["lower"]), float(row["upper"])), index.key
        assert (f"p{cut.lower_percentile}", f"p{cut.upper_percentile}") == (row["lower_percentile"], row["upper_percentile"])
        assert index.kind == row["kind"]


def test_the_newest_published_version_is_in_use():
    assert CATALOGUE.cutoff_file.default == "rise-" + max(r["version"] for r in facts("catalogue/risk_limits.csv"))


def normalised(text: str) -> str:
    """The form that the stored hashes were made from."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def repeats(text: str, hashes: set[str]) -> bool:
    return hashlib.sha256(normalised(text).encode()).hexdigest() in hashes


def texts(node: object) -> Iterator[str]:
    """Every text in a YAML document."""
    if isinstance(node, dict):
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)
    elif isinstance(node, str):
        yield node


def test_the_comparison_finds_a_wording_in_another_dress():
    made_up = {hashlib.sha256("hur ofta läser du denna påhittade fråga".encode()).hexdigest()}
    assert repeats("Hur  ofta läser du denna påhittade fråga?", made_up)
    assert not repeats("Läser frågor", made_up)


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.yml")), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_file_of_the_catalogue_repeats_a_wording_of_the_questionnaire(path):
    hashes = {row["sha256"] for row in facts("catalogue/wording_hashes.csv")}
    assert len(hashes) > 150
    repeated = [text for text in texts(yaml.safe_load(path.read_text(encoding="utf-8"))) if repeats(text, hashes)]
    assert repeated == []


def test_item_labels_are_short():
    assert max(len(item.label_sv) for item in CATALOGUE.survey.items) <= 60
    assert not [item.key for item in CATALOGUE.survey.items if item.label_sv.endswith("?")]
