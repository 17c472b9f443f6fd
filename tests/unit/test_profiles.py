"""Profiles: each loads in one process, owns what is about its survey, and no survey's name is left in the code."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from assets.catalogue import models as m
from assets.catalogue.load import ROOT, load_profile_catalogue, profile_ids, read_catalogue, survey_file
from assets.catalogue.steward import codebook_problems
from assets.methods.errors import PipelineError
from expectations.parameters import series_parameters, suite_of, survey_parameters
from expectations.suite import load_suite, suite_tables
from pipelines.paths import Paths, profile_root

PROJECT = ROOT.parents[1]
OTHERS = [p for p in profile_ids() if p != "stockholm"]


@pytest.fixture
def copy(tmp_path):
    """A catalogue that a test may spoil."""
    return Path(shutil.copytree(ROOT, tmp_path / "catalogue", ignore=shutil.ignore_patterns("*.py", "__pycache__", "schemas")))


def spoil(folder: Path, profile: str, name: str, old: str, new: str) -> str:
    """Replace a text in a profile's file and say what the loader says."""
    path = folder / "profiles" / profile / name
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{name} has no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PipelineError) as caught:
        read_catalogue(folder, profile)
    return str(caught.value)


def test_the_profiles_that_ship():
    assert profile_ids() == ("stockholm", "lupp", "yrbs")
    surveys = [load_profile_catalogue(p).survey.id for p in profile_ids()]
    assert len(set(surveys)) == len(surveys)


@pytest.mark.parametrize("profile_id", profile_ids())
def test_a_profile_holds_together(profile_id):
    catalogue = load_profile_catalogue(profile_id)
    assert catalogue.profile.id == profile_id
    assert {b.survey for b in catalogue.codebooks} == {catalogue.survey.id} == {catalogue.indicator_file.survey}
    assert [text for book in catalogue.codebooks for text in codebook_problems(book, catalogue.survey)] == []
    assert set(catalogue.cutoffs.cuts) == set(catalogue.index_file.keys)
    assert catalogue.calendar.survey_waves


@pytest.mark.parametrize("profile_id", profile_ids())
def test_every_rule_that_stays_has_something_to_compare_with(profile_id):
    catalogue = load_profile_catalogue(profile_id)
    parameters = survey_parameters(catalogue) | series_parameters(catalogue) | {"known": [["d", 2024]]}
    for table in suite_tables():
        for rule in suite_of(table, catalogue).rules:
            named = [v for v in (rule.columns, rule.needs, *rule.kwargs.values()) if isinstance(v, str) and v.startswith("$")]
            assert all(parameters[name[1:]] for name in named), (table, rule.id)


def test_a_rule_about_what_a_survey_lacks_is_no_rule_of_its_profile():
    every = {r.id for r in load_suite("harmonised/survey_responses").rules}
    kept = {p: suite_of("harmonised/survey_responses", load_profile_catalogue(p)) for p in profile_ids()}
    assert {r.id for r in kept["stockholm"].rules} == every
    assert {"foljdfragor_hopp", "vag_ratt_ar"} & (every - {r.id for r in kept["lupp"].rules})
    assert "stadsdel_kand" not in {r.id for r in kept["yrbs"].rules}
    numbers = {p: {r.id for r in suite_of("harmonised/item_profile", load_profile_catalogue(p)).rules} for p in profile_ids()}
    assert [p for p in profile_ids() if "antal_rimliga" in numbers[p]] == ["stockholm"], "only it asks how many"


def test_what_a_profile_lacks_comes_from_the_base_unless_it_is_about_the_survey():
    base, lupp, yrbs = (load_profile_catalogue(p) for p in profile_ids())
    assert lupp.reasons == yrbs.reasons == base.reasons
    assert lupp.municipalities == base.municipalities
    assert lupp.breaks == yrbs.breaks == ()
    assert yrbs.indices == ()
    assert yrbs.publication.synthetic is False
    assert lupp.publication.synthetic is True
    assert not {x.municipality_code for x in yrbs.municipalities} & {x.municipality_code for x in base.municipalities}
    assert survey_file("yrbs", "wording_hashes.csv") is None
    assert len({c.content_hash for c in (base, lupp, yrbs)}) == 3


def test_a_new_york_borough_is_inside_the_city():
    contains = {x.municipality_code: x.contained for x in load_profile_catalogue("yrbs").municipalities if x.contained}
    assert contains == {"NYCI": ("BRNX", "BKLN", "MANH", "QUEE", "STAT")}
    assert len(load_profile_catalogue("yrbs").municipalities) == 27


@pytest.mark.parametrize(
    ("profile", "name", "old", "new", "said"),
    [
        ("lupp", "profile.yml", "id: lupp", "id: luppen", "profile.yml: id är luppen, mappen heter lupp"),
        ("lupp", "profile.yml", "key: ak8", "key: ak9", "profile.yml: grades är inte de årskurser som lupp har (ak8, gy2)"),
        (
            "lupp",
            "profile.yml",
            "area_levels: [county, ",
            "area_levels: [",
            "area_levels har county precis när county är angivet",
        ),
        ("lupp", "profile.yml", "code: '01'", "code: '03'", "0114 börjar inte med länets kod 03"),
        ("lupp", "indices.yml", "item: f2_33", "item: f1_31", "frågorna i lupp_complaints har inte samma skala och område"),
        ("lupp", "indices.yml", "minimum_answered: 4", "minimum_answered: 7", "minimum_answered ska vara 1 till 6"),
        ("yrbs", "indicators/yrbs.yml", "language: en\n", "", "base_en hör till indikatorer på engelska"),
        ("yrbs", "profile.yml", "language: en", "language: sv", "indicators/yrbs.yml: language är inte profilens (sv)"),
        ("yrbs", "areas/municipalities.csv", "BRNX BKLN", "BRNX BKLX", "NYCI innehåller okänt område BKLX"),
        ("yrbs", "codebooks/yrbs-district.yml", "  weight: [weight]\n", "", "yrbs-district.yml: columns: weight saknar namn"),
        ("yrbs", "codebooks/yrbs-district.yml", "survey: yrbs", "survey: lupp", "yrbs-district.yml: survey är inte yrbs"),
    ],
)
def test_what_does_not_fit_together_is_told(copy, profile, name, old, new, said):
    assert said in spoil(copy, profile, name, old, new)


def test_a_profile_without_its_own_survey_does_not_borrow_the_bases(copy):
    (copy / "profiles/lupp/surveys/lupp.yml").unlink()
    with pytest.raises(PipelineError, match=r"surveys/lupp\.yml: filen finns inte"):
        read_catalogue(copy, "lupp")


def test_an_unknown_profile_is_told_with_those_there_are():
    with pytest.raises(PipelineError, match="väntade någon av stockholm, lupp, yrbs, fick saknas"):
        load_profile_catalogue("saknas")


def lupp_indices(**changes: object) -> dict[str, object]:
    """The content of Lupp's index file with changes."""
    return load_profile_catalogue("lupp").index_file.model_dump() | changes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"estimator": "wle"}, "estimator wle hör inte till model mean_score"),
        ({"model": "pcm", "estimator": "wle"}, "saknar trösklar"),
    ],
)
def test_model_and_indices_belong_together(changes, said):
    with pytest.raises(ValidationError, match=said):
        m.IndexFile.model_validate(lupp_indices(**changes))


def test_a_mean_score_needs_three_questions():
    file = lupp_indices()
    index = dict(file["indices"][1])
    index |= {"items": index["items"][:2], "maximum_raw": 6, "minimum_answered": 2}
    with pytest.raises(ValidationError, match="ett medelvärdesindex behöver minst 3 frågor"):
        m.IndexFile.model_validate(file | {"indices": [index]})


def test_each_profile_has_a_data_folder_of_its_own(tmp_path):
    assert profile_root(tmp_path, "stockholm") == tmp_path
    root = profile_root(tmp_path, "lupp")
    assert root == tmp_path / "profiler" / "lupp"
    assert Paths(root).home("lupp") == tmp_path
    assert Paths(root).of_profile("lupp", "stockholm").surveys == tmp_path / "inbox" / "enkat"
    assert Paths(tmp_path).of_profile("stockholm", "yrbs").surveys == tmp_path / "profiler/yrbs/inbox/enkat"


@pytest.mark.parametrize("profile_id", OTHERS)
def test_the_code_location_of_a_profile_has_keys_and_jobs_of_its_own(profile_id):
    code = (
        f"from pipelines.definitions_{profile_id} import defs\n"
        "graph = defs.resolve_asset_graph()\n"
        "print(*sorted(k.to_user_string() for k in graph.get_all_asset_keys()))\n"
        "print(*sorted(j.name for j in defs.jobs))\n"
        "print(*sorted({k.asset_key.path[0] for k in graph.asset_check_keys}))\n"
        "specs = [s for a in defs.assets for s in (getattr(a, 'specs', None) or [a])]\n"
        "needed = {d.asset_key for s in specs for d in s.deps} - {s.key for s in specs}\n"
        "print(*sorted(k.to_user_string() for k in needed), 'slut')\n"
        "import dagster as dg\n"
        "from pipelines.run_outcome import SHOW, status_config\n"
        "dg.validate_run_config(defs.resolve_job_def(SHOW), status_config([]))\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=120)
    keys, jobs, checked, unknown = (line.split() for line in done.stdout.splitlines())
    assert unknown == ["slut"], "an asset depends on a table that the profile doesn't have"
    assert {key.split("/")[0] for key in keys} == {profile_id}
    assert checked == [profile_id]
    assert not [key for key in keys if "reports" in key or "psychometrics" in key or "index_anatomy" in key]
    of_indices = {f"{profile_id}/{name}" for name in ("indices/person_scores", "release/index_results", "release/response_rates")}
    of_scales = {f"{profile_id}/indices/scale_means"}
    of_series = {f"{profile_id}/{name}" for name in ("indices/indicator_counts", "release/indicator_results")}
    found = load_profile_catalogue(profile_id)
    assert of_series <= set(keys)
    assert (of_indices <= set(keys)) == bool(found.indices)
    assert bool(of_indices & set(keys)) == bool(found.indices)
    assert bool(of_scales & set(keys)) == bool(found.indicator_file.indices)
    expected = {"lupp": {"ingest_registers", "release_registers", "build_indices"}, "yrbs": {"build_indices"}}[profile_id]
    always = {
        "ingest_surveys",
        "read_surveys",
        "check_surveys",
        "ingest",
        "everything",
        "propose_codebook",
        "show_status",
        "undersok_datorn",
    }
    assert set(jobs) == always | expected


def test_a_process_keeps_its_profile():
    code = (
        "import pipelines.definitions\n"
        "try:\n    import pipelines.definitions_yrbs\nexcept RuntimeError as error:\n    print(error)"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "the process works with stockholm already, not yrbs"


HARD_WIRED = re.compile(
    r"""["'](01|01\d\d|ak[789]|gy[123]|g9|stockholmsenkaten[\w-]*|lupp[\w-]*|yrbs[\w-]*|NYCI|Stockholms\ län
        |[Ff]\d{1,3}[a-z]{0,2})["']""",
    re.VERBOSE,
)
ALLOWED = {
    "assets/intake/roles.py": {"ak7", "ak8", "ak9"},  # what "sjuan", "åttan" and "nian" mean; kept only if the profile has it
    "assets/registers/models.py": {"ak8"},  # the grade of the open Skolenkäten workbook, a register
    "assets/catalogue/models.py": {"F2"},  # see BACKGROUND_QUESTIONS
    "expectations/views.py": {"ak9"},  # the grade that Skolverket's counts of pupils are about
    "pipelines/definitions_lupp.py": {"lupp"},
    "pipelines/definitions_yrbs.py": {"yrbs"},
}


def test_no_survey_is_wired_into_the_code():
    """Codes and names of a survey, its areas, grades and questions are catalogue data."""
    found = {}
    for folder in ("assets", "pipelines", "expectations"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            name = path.relative_to(PROJECT).as_posix()
            code = re.sub(r'""".*?"""|#[^\n]*', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
            literals = set(HARD_WIRED.findall(code)) - ALLOWED.get(name, set())
            if literals and not name.startswith("assets/demo/"):
                found[name] = sorted(literals)
    assert found == {}
