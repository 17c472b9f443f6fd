"""The steward's jobs: what the commands say, on a run's page; a mistake is one sentence there."""

from __future__ import annotations

import shutil

import dagster as dg
import pytest

from assets.intake.names import in_markdown
from assets.methods.errors import PipelineError
from assets.sealing.keys import sealing_key
from assets.sealing.store import bundle_folders, find_bundle, put
from assets.slices import WAVES
from pipelines.launch import NO_PILOT, with_own_name
from pipelines.made_bundles import made_bundles
from pipelines.paths import Paths
from pipelines.resources import Store
from pipelines.steward_jobs import chosen_areas, published_archives, verifiera, visa_nyckel, visa_utgivningar
from tests.support.sealed_bundle import FOLDER, both, sealed_archive, tiny


@pytest.fixture
def published(tmp_path) -> Paths:
    """An installation with a key of its own and the tiny bundle published."""
    paths = Paths(tmp_path)
    bundle = tiny(tmp_path)
    key = sealing_key(paths.keys("stockholm"))
    (paths.published / "2024").mkdir(parents=True)
    put(paths.published / "2024" / f"{FOLDER}.zip", sealed_archive(bundle, both(bundle), key.private))
    return paths


def run(job: dg.JobDefinition, paths: Paths, **config: object) -> dg.ExecuteInProcessResult:
    """A run of the job."""
    store = {"store": Store(data_dir=str(paths.root))}
    return job.execute_in_process(run_config=config, resources=store, raise_on_error=False)


def answer(result: dg.ExecuteInProcessResult) -> str:
    """What stands on the run's page."""
    (output,) = [event for event in result.all_node_events if event.is_successful_output]
    return str(output.step_output_data.metadata["svar"].value)


def why(result: dg.ExecuteInProcessResult) -> str:
    """The sentence of a failed run."""
    (event,) = [event for event in result.all_node_events if event.is_step_failure]
    return event.step_failure_data.user_failure_data.description


def test_a_published_bundle_is_verified_against_the_installations_own_key(published):
    told = answer(run(verifiera, published))
    assert "Åsa Ek" in told
    assert "Bo Alm" in told
    assert "✓ Nyckeln är den här installationens egen." in told


def test_a_given_fingerprint_is_what_counts(published):
    own = sealing_key(published.keys("stockholm")).fingerprint
    assert run(verifiera, published, paket=f"{FOLDER}.zip", fingeravtryck=own).success
    other = "ABCD EFGH IJKL MNOP QRST UVWX YZ23 4567"
    said = why(run(verifiera, published, fingeravtryck=other))
    assert "Sigillet är gjort med en annan nyckel" in said


def test_a_changed_bundle_makes_the_run_red(published):
    path = published.published / "2024" / f"{FOLDER}.zip"
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    assert not run(verifiera, published).success


def test_a_bundle_that_is_not_published_is_told_with_those_that_are(published):
    said = why(run(verifiera, published, paket="../../etc/passwd"))
    assert FOLDER in said
    assert "passwd" not in said
    shutil.rmtree(published.published)
    assert "Ge ut ett paket" in why(run(verifiera, published))
    with pytest.raises(PipelineError):
        published_archives(published, "")


def test_the_key_is_shown_and_made_the_first_time(tmp_path):
    result = run(visa_nyckel, Paths(tmp_path))
    assert "Nyckeln är ny" in answer(result)
    again = run(visa_nyckel, Paths(tmp_path))
    assert "Nyckeln är ny" not in answer(again)
    assert sealing_key(Paths(tmp_path).keys("stockholm")).fingerprint in answer(again)


def test_the_release_register_is_listed(tmp_path):
    assert answer(run(visa_utgivningar, Paths(tmp_path)))


def test_a_preview_is_of_some_municipalities_or_of_a_pilots():
    assert chosen_areas(["0127", " 0127 ", "botkyrka"], NO_PILOT) == (("0127",), ("publish_bundles", "publish_kits"))
    codes, makes = chosen_areas(["0180"], "exempel")
    assert codes == ("0180", "0123", "0127", "0191")
    assert makes == ("publish_bundles", "publish_kits")


@pytest.mark.parametrize(
    ("codes", "pilot", "code"),
    [([], NO_PILOT, "no_municipality"), (["9999"], NO_PILOT, "unknown_municipality"), ([], "saknas", "unknown_pilot")],
)
def test_a_preview_of_nobody_or_of_somebody_else_is_refused(codes, pilot, code):
    with pytest.raises(PipelineError) as error:
        chosen_areas(codes, pilot)
    assert error.value.code == code


def test_a_run_says_where_its_bundles_lie_what_is_next_and_what_to_write_in_the_next_job(tmp_path, monkeypatch):
    bundle, paths = tiny(tmp_path), Paths(tmp_path)
    (tmp_path / "reports" / "2024" / "lansoversikt.html").write_text("<p>", encoding="utf-8")
    told = {name: str(value.value) for name, value in made_bundles(paths, 2024, ["0127"]).items()}
    page = str(bundle_folders(paths, 2024)[0] / "LAS_MIG.html")
    assert told[f"öppna {FOLDER}"] == page
    assert told["öppna länsöversikten"] == str(tmp_path / "reports" / "2024" / "lansoversikt.html")
    assert "öppna röjanderapporten" not in told, "there is none"
    assert told["paket"].endswith(f"| {in_markdown(FOLDER)} | väntar på två godkännanden |")
    monkeypatch.setattr("pipelines.made_bundles.FEW", 0)
    many = str(made_bundles(paths, 2024, ["0127"])["paket"].value)
    assert many.endswith(f"| {in_markdown(FOLDER)} | väntar på två godkännanden | {in_markdown(page)} |")
    assert "godkann" in told["nästa steg"]
    assert list(told)[:2] == ["nästa steg", "paket"], "what comes later in a long answer is folded away and covered by a button"
    assert bundle.manifest.bundle == FOLDER
    assert set(made_bundles(paths, 2024, [])) == {"nästa steg", "öppna länsöversikten"}


def test_the_name_in_the_settings_is_that_of_a_run_without_one(tmp_path):
    (tmp_path / "drift").mkdir()
    (tmp_path / "drift" / "drift.yml").write_text("version: 1\nav: Anna Andersson\n", encoding="utf-8")
    assert with_own_name(Paths(tmp_path), {"av": " ", "wave": 2024}) == {"av": "Anna Andersson", "wave": 2024}
    assert with_own_name(Paths(tmp_path), {"av": "Bo Alm"}) == {"av": "Bo Alm"}


def test_a_bundle_that_is_typed_by_the_name_of_its_municipality_is_offered(tmp_path):
    tiny(tmp_path)
    with pytest.raises(PipelineError, match=f"Skriv ett av de här namnen: {FOLDER}"):
        find_bundle(Paths(tmp_path), "Botkyrka")
    with pytest.raises(PipelineError, match=rf"^Fältet paket: .* Skriv ett av de här namnen: {FOLDER}"):
        find_bundle(Paths(tmp_path), "")
    with pytest.raises(PipelineError, match="Skriv mappens namn som det står"):
        find_bundle(Paths(tmp_path), "Salem")


def test_the_latest_wave_is_the_default():
    from pipelines.steward_jobs import Preview

    assert Preview().wave == WAVES[-1]
