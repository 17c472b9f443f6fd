"""Saved settings and the typed choices of a run: what goes together, and the one sentence when it doesn't."""

from pathlib import Path

import dagster as dg
import pytest

from assets.methods.errors import PipelineError
from assets.slices import WAVES
from pipelines import cli, cli_chain
from pipelines.definitions import build_definitions
from pipelines.launch import LIMITS, Launch, choose, typed_choices
from pipelines.paths import Paths
from pipelines.saved_settings import SHIPPED, find_setting, save_setting, setting_names


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A data folder with one setting of the steward's own."""
    found = Paths(tmp_path)
    found.settings.mkdir(parents=True)
    (found.settings / "botkyrka.yml").write_text(
        'version: 1\nname_sv: Botkyrka\nutgava: intern\nkommuner: ["0127"]\narbetare: 1\n', encoding="utf-8"
    )
    return found


def code_of(paths: Paths, typed: dict) -> tuple[str, str]:
    """The code and the sentence of the mistake."""
    with pytest.raises(PipelineError) as caught:
        choose(paths, typed)
    return caught.value.code, str(caught.value)


def test_nothing_typed_is_the_latest_wave_for_everybody(paths):
    chosen = choose(paths, {})
    assert (chosen.wave, chosen.edition, chosen.everything, chosen.only, chosen.workers) == (WAVES[-1], "bada", False, (), 2)
    assert "förval" in chosen.table()


def test_defaults_that_the_launchpad_fills_in_leave_the_setting_to_decide(paths):
    filled = {name: field.default for name, field in Launch.model_fields.items()} | {"installning": "botkyrka"}
    chosen = choose(paths, typed_choices(filled))
    assert (chosen.edition, chosen.only, chosen.workers) == ("intern", ("0127",), 1)
    assert code_of(paths, typed_choices(filled | {"utgava": "publik"}))[0] == "settings_conflict"


def test_every_setting_that_ships_can_be_chosen(paths):
    assert {"ordinarie", "provkorning", "allt-pa-nytt", "botkyrka"} == set(setting_names(paths))
    for name in setting_names(paths):
        assert choose(paths, {"installning": name}).tags()["installning"] == name


def test_a_setting_decides_what_it_names_and_the_fields_decide_the_rest(paths):
    chosen = choose(paths, {"installning": "botkyrka", "wave": WAVES[0], "utgava": "intern", "av": "Anna Ek"})
    assert (chosen.wave, chosen.edition, chosen.only, chosen.workers) == (WAVES[0], "intern", ("0127",), 1)
    assert chosen.tags()["installning_sha256"] == find_setting(paths, "botkyrka").sha256
    assert "| utgåva | intern | inställningen botkyrka |" in chosen.table()
    assert f"| mättillfälle | {WAVES[0]} | angivet |" in chosen.table()


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ({"installning": "botkyrka", "utgava": "publik"}, "settings_conflict", "samma som i inställningen botkyrka (intern)"),
        ({"installning": "botkyrka", "pilot": "exempel"}, "settings_conflict", "kommuner och pilot"),
        ({"utgava": "intern", "publika_kommuner": ["0127"]}, "settings_conflict", "publika_kommuner"),
        ({"installning": "finns-inte"}, "unknown_setting", "allt-pa-nytt, botkyrka, ordinarie, provkorning"),
        ({"installning": "../botkyrka"}, "unknown_setting", "../botkyrka"),
        ({"wave": 1999}, "unknown_wave", str(WAVES[0])),
        ({"kommuner": ["9999"]}, "unknown_municipality", "9999"),
        ({"granser": LIMITS[-1]}, "other_process", "did kor --granser"),
        ({"granser": "påhittade"}, "unknown_cutoffs", "påhittade"),
        ({"arbetare": 0}, "bad_workers", "1 till 16"),
        ({"pilot": "okänd"}, "unknown_pilot", "exempel"),
        ({"av": "1"}, "bad_name", "Fältet av"),
        ({"spara_som": "Mitt Namn"}, "bad_setting_name", "små bokstäver"),
    ],
)
def test_a_choice_that_cannot_be_followed_is_one_sentence(paths, typed, code, said):
    got, sentence = code_of(paths, typed)
    assert got == code
    assert said in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\nname_sv: x\nutgva: intern\n", "utgva: okänd nyckel"),
        ("version: 2\nname_sv: x\n", "version"),
        ("name_sv: x\n", "version: nyckeln saknas"),
        ('version: 1\nname_sv: x\npilot: exempel\nkommuner: ["0127"]\n', "kommuner och pilot"),
        ("version: 1\nname_sv: x\nutgava: intern\nutgava: publik\n", "står två gånger: utgava"),
        ("version: 1\nname_sv: !!python/name:os.system x\n", "YAML"),
    ],
)
def test_a_setting_with_unknown_or_contradictory_keys_says_which(paths, text, said):
    (paths.settings / "fel.yml").write_text(text, encoding="utf-8")
    code, sentence = code_of(paths, {"installning": "fel"})
    assert code == "bad_setting"
    assert said in sentence


def test_saved_choices_can_be_chosen_and_are_never_overwritten(paths):
    choose(paths, {"installning": "botkyrka", "wave": WAVES[0], "spara_som": "mitt"})
    again = choose(paths, {"installning": "mitt"})
    assert (again.wave, again.only, again.edition) == (WAVES[0], ("0127",), "intern")
    before = (paths.settings / "mitt.yml").read_bytes()
    save_setting(paths, "mitt", again.decided)
    assert (paths.settings / "mitt.yml").read_bytes() == before
    assert code_of(paths, {"utgava": "publik", "spara_som": "mitt"})[0] == "setting_exists"
    assert (paths.settings / "mitt.yml").read_bytes() == before
    assert not list(paths.settings.glob("*.del"))
    assert SHIPPED not in (paths.settings, *paths.settings.parents)


def test_the_job_stops_at_once_with_the_sentence(tmp_path):
    """A run whose choices can't be followed reads nothing and makes nothing."""
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_definitions(tmp_path).resolve_job_def("everything")
        done = job.execute_in_process(run_config={"wave": 1999}, instance=instance, raise_on_error=False)
        failure = done.failure_data_for_node("registers").user_failure_data
        assert failure.description.startswith("Fältet wave: väntade ett av mättillfällena")
        assert len(instance.get_runs()) == 1


def test_the_command_line_gives_the_run_what_the_setting_says(tmp_path, monkeypatch):
    given = {}
    monkeypatch.setenv("DID_HOME", str(tmp_path))
    monkeypatch.setattr(cli_chain, "has_answers", lambda paths: True)
    monkeypatch.setattr(cli_chain, "run_chain", lambda home, progress, **asked: given.update(asked) or 0)
    monkeypatch.setattr(cli_chain, "pilot", lambda arguments: 0)
    assert cli.main(["kor", "--installning", "provkorning", "--av", "Anna Ek", "--spara", "var"]) == 0
    assert (given["edition"], given["pilot"].id, given["prepared_by"]) == ("intern", "exempel", "Anna Ek")
    assert given["tags"]["installning"] == "provkorning"
    assert (tmp_path / "installningar" / "var.yml").is_file()
    assert cli.main(["kor", "--installning", "provkorning", "--utgava", "publik"]) == 2


def test_the_command_line_draws_the_bundles_of_the_municipalities_that_are_named(tmp_path, monkeypatch, capsys):
    given = {}
    monkeypatch.setenv("DID_HOME", str(tmp_path))
    monkeypatch.setattr(cli_chain, "has_answers", lambda paths: True)
    monkeypatch.setattr(cli_chain, "run_chain", lambda home, progress, **asked: given.update(asked) or 0)
    assert cli.main(["kor", "--kommun", "0180", "--kommun", "salem", "--utgava", "intern"]) == 0
    assert (given["only"], given["edition"], given["pilot"]) == (("0180", "0128"), "intern", None)
    assert cli.main(["kor", "--kommun", "9999"]) == 2
    assert cli.main(["kor", "--kommun", "0180", "--pilot", "exempel"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert "fick 9999" in told[0]
    assert "pilot" in told[1]
