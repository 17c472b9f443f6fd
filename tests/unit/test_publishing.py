"""Publishing: every gate, every crash, nothing half released; and the commands and jobs that lead there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets import whole_files
from assets.hygiene.permissions import tighten
from assets.methods.errors import PipelineError
from assets.overview.html import DATA
from assets.overview.plain import overview_of
from assets.overview.types import DONE, WAITING
from assets.published import published_sealed_bundles
from assets.release_register.cells import SCHEMA
from assets.release_register.store import register_release
from assets.release_register.types import Inputs, NewEntry
from assets.sealing import store, wired
from assets.sealing.approvals import REFUSED, State
from assets.sealing.gates import Audited, Whole
from assets.sealing.publish import publish
from assets.sealing.store import keep_approval
from assets.sealing.verify import Known, verify_archive
from pipelines import cli, cli_chain
from pipelines.approval_jobs import approvals_sensor, evaluate_approvals, godkann, ta_emot_godkannanden
from pipelines.jobs import child_config
from pipelines.launch import choose
from pipelines.paths import Paths
from pipelines.resources import RunChoices, Store
from tests.support.sealed_bundle import FIRST, FOLDER, KEY, PUBLIC, RELEASE, SECOND, approval_text, decision, tiny, write_tiny

MINE = Known(keys=(PUBLIC,))
OWN_GATES = (Whole(), Audited())


@dataclass(frozen=True)
class Closed:
    """A gate that finds something in every bundle."""

    name: str
    sentence: str

    def check(self, bundle):
        return [self.sentence]


class Killed(BaseException):
    """The power goes."""


@dataclass
class Book:
    """A register that remembers; an entry of a manifest is written once. `root`: a data folder whose own register is told too."""

    entries: list[str] = field(default_factory=list)
    found: tuple[str, ...] = ()
    fails: BaseException | None = None
    root: Path | None = None

    def conflicts(self, bundle):
        return () if bundle.manifest.sha256 in self.entries else self.found

    def append(self, bundle):
        if self.fails:
            raise self.fails
        sha = bundle.manifest.sha256
        if sha not in self.entries:
            self.entries.append(sha)
            if self.root:
                inputs = Inputs({}, {}, "", "")
                entry = NewEntry("r1", FOLDER, 2024, "intern", "0127", "2026-11-20", sha, inputs, "2")
                register_release(self.root, entry, pl.DataFrame(schema=SCHEMA))


@pytest.fixture
def ready(tmp_path):
    """A bundle that two persons have approved."""
    paths, bundle = Paths(tmp_path), tiny(tmp_path)
    for name in (FIRST, SECOND):
        keep_approval(paths, decision(bundle.manifest_bytes, name))
    return paths


def out(paths, book, gates=OWN_GATES):
    return publish(paths, paths.reports / "2024" / FOLDER, lambda: KEY, gates, book)


def lying(paths):
    return sorted(p.name for p in paths.published.rglob("*") if p.is_file())


def test_an_approved_bundle_is_sealed_registered_and_out_once(ready):
    book = Book()
    step = out(ready, book)
    assert (step.state, step.new) == (State.PUBLISHED, True)
    assert step.archive == ready.published / "2024" / f"{FOLDER}.zip"
    first = step.archive.read_bytes()
    assert verify_archive(first, MINE).outcome == "unchanged"
    again = out(ready, book)
    assert (again.state, again.new) == (State.PUBLISHED, False)
    assert len(book.entries) == 1
    step.archive.unlink()
    assert out(ready, book).archive.read_bytes() == first, "the same bytes every time"
    assert len(book.entries) == 1


def test_nothing_is_written_before_two_have_approved(tmp_path):
    paths = Paths(tmp_path)
    tiny(tmp_path)
    assert out(paths, Book()).state is State.WAITING_TWO
    assert not lying(paths)


@pytest.mark.parametrize("place", ["write_half", "append", "take_place", "after"])
def test_a_crash_at_any_point_is_mended_by_running_again(ready, monkeypatch, place):
    book = Book()
    with monkeypatch.context() as patched:
        if place == "append":
            book.fails = Killed()
        elif place == "after":
            real = whole_files.take_place

            def then_die(half, path):
                real(half, path)
                raise Killed

            patched.setattr(whole_files, "take_place", then_die)
        else:

            def die(*args):
                raise Killed

            patched.setattr(whole_files, place, die)
        with pytest.raises(Killed):
            out(ready, book)
    book.fails = None
    assert (f"{FOLDER}.zip" in lying(ready)) == (place == "after")
    assert out(ready, book).state is State.PUBLISHED
    assert lying(ready) == [f"{FOLDER}.zip"]
    assert len(book.entries) == 1


def test_two_publications_at_once_do_not_mix(ready):
    with store.only_one(ready), pytest.raises(PipelineError, match="redan pågår"):
        out(ready, Book())
    assert not lying(ready)
    assert out(ready, Book()).state is State.PUBLISHED


@dataclass
class Refuses:
    """A gate while which somebody refuses the bundle."""

    paths: Paths
    name: str = "Granskning"

    def check(self, bundle):
        keep_approval(self.paths, decision(bundle.manifest_bytes, SECOND, beslut=REFUSED))
        return []


def test_a_refusal_while_the_gates_are_looked_through_stops_the_publication(ready):
    step = out(ready, Book(), (*OWN_GATES, Refuses(ready)))
    assert step.state is State.REFUSED
    assert not lying(ready)


def test_a_decision_during_or_after_the_publication_is_one_sentence_and_not_kept(ready, monkeypatch):
    monkeypatch.setattr(whole_files, "LONGEST_WAIT", 0.05)
    bundle = store.read_bundle(ready.reports / "2024" / FOLDER)
    late = decision(bundle.manifest_bytes, SECOND, beslut=REFUSED)
    before = store.kept_approvals(ready, bundle.manifest.sha256)
    met = []

    class Meanwhile(Book):
        def append(self, bundle):
            with pytest.raises(PipelineError, match="redan pågår") as told:
                keep_approval(ready, late)
            met.append(told.value.code)
            super().append(bundle)

    assert out(ready, Meanwhile()).state is State.PUBLISHED
    assert met == ["publishing_now"]
    with pytest.raises(PipelineError, match="ett som är utgivet") as told:
        keep_approval(ready, late)
    assert told.value.code == "already_out"
    assert store.kept_approvals(ready, bundle.manifest.sha256) == before


def test_an_error_leaves_nothing_half_released(ready, monkeypatch):
    book = Book(fails=PipelineError("x", "Registret", "en hel kedja", "en bruten", "Lägg tillbaka säkerhetskopian."))
    with pytest.raises(PipelineError, match="en bruten"):
        out(ready, book)
    assert not lying(ready)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_files, "write_half", full)
    with pytest.raises(PipelineError, match="en mapp som går att skriva i"):
        out(ready, Book())
    assert not lying(ready)


def test_a_closed_gate_or_a_conflict_stops_and_says_why(ready):
    closed = Closed("Granskning", "Ett tal i rapporten är inte släppt.")
    assert out(ready, Book(), (*OWN_GATES, closed)).stopped == ("Granskning: Ett tal i rapporten är inte släppt.",)
    assert out(ready, Book(found=("krockar med r0",))).stopped == ("Utgivningsregistret: krockar med r0",)
    assert not lying(ready)


@pytest.mark.parametrize(
    "release", [{}, {"audit": {}}, {"audit": {"passed": "true"}}, {"audit": True}, {"audit": {"passed": False}}]
)
def test_a_release_that_is_not_audited_in_so_many_words_is_closed(tmp_path, release):
    assert Audited().check(tiny(tmp_path, release=release))
    assert not Audited().check(tiny(tmp_path, release=RELEASE))


def test_a_file_changed_after_the_approvals_stops(ready):
    (ready.reports / "2024" / FOLDER / "LAS_MIG.html").write_bytes(b"changed")
    step = out(ready, Book())
    assert (step.state, step.stopped) == (State.CHANGED, ("Ändrad: LAS_MIG.html",))
    (ready.reports / "2024" / FOLDER / "LAS_MIG.html").write_bytes(b"<p>hej</p>")
    (ready.reports / "2024" / FOLDER / "ro-crate-metadata.json").write_bytes(b"{}")
    assert "redan filer" in out(ready, Book()).stopped[0]
    assert not lying(ready)


def test_another_bundle_of_the_same_name_or_a_changed_archive_is_not_overwritten(ready):
    archive = out(ready, Book()).archive
    write_tiny(ready.root, b"<p>new</p>")
    with pytest.raises(PipelineError, match="ny version"):
        out(ready, Book())
    archive.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(PipelineError, match="säkerhetskopian"):
        out(ready, Book())


@pytest.fixture
def opened(monkeypatch):
    """Gates and register that need no release, for what lies above them."""
    book = Book()

    def checks(paths):
        book.root = paths.root
        return OWN_GATES, book

    for place in ("assets.published", "assets.published_gates"):
        monkeypatch.setattr(f"{place}.checks", checks)
    return book


def test_one_bad_bundle_stops_no_other_and_a_bad_key_stops_all(ready, opened):
    broken = ready.reports / "2024" / "0136_haninge_2024_v1.0_intern" / "7_intyg"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{", encoding="utf-8")
    keys = ready.keys("stockholm")
    ready_step, bad = wired.publish_wave(ready, keys, 2024, OWN_GATES, opened)
    assert (ready_step.state, bad.state) == (State.PUBLISHED, State.STOPPED)
    assert not wired.publish_wave(ready, keys, 2024, OWN_GATES, opened, {"0180"})
    ready_step.archive.unlink()
    (keys / "sigill.pem").unlink()
    with pytest.raises(PipelineError, match="säkerhetskopian"):
        wired.publish_wave(ready, keys, 2024, OWN_GATES, opened)


def test_a_run_that_stops_a_bundle_is_red_when_the_others_are_out(ready, opened):
    broken = ready.reports / "2024" / "0136_haninge_2024_v1.0_intern" / "7_intyg"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{", encoding="utf-8")
    run = dg.materialize([published_sealed_bundles], resources={"store": Store(data_dir=str(ready.root))}, raise_on_error=False)
    assert not run.success
    assert "0136_haninge_2024_v1.0_intern" in run.failure_data_for_node("published__sealed_bundles").user_failure_data.description
    metadata = run.asset_materializations_for_node("published__sealed_bundles")[0].metadata
    assert (metadata["nya utgivna paket"].value, metadata["stoppade paket"].value) == (1, 1)
    assert lying(ready) == [f"{FOLDER}.zip"]


@dataclass(frozen=True)
class Eager:
    """A gate that writes down what it may look at ahead, and lets everything through."""

    seen: list[str] = field(default_factory=list)
    name: str = "Ivrig"

    def look_ahead(self, bundles):
        self.seen.extend(bundle.manifest.bundle for bundle in bundles)

    def check(self, bundle):
        return ()


def test_only_what_gets_as_far_as_a_gate_is_looked_at_ahead(ready, opened):
    broken = ready.reports / "2024" / "0136_haninge_2024_v1.0_intern" / "7_intyg"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{", encoding="utf-8")
    keys, stopped, eager = ready.keys("stockholm"), Eager(), Eager()
    gates = (Closed("Registret", "Det finns inte."), stopped)
    (step, _) = wired.publish_wave(ready, keys, 2024, gates, opened)
    assert (step.state, stopped.seen) == (State.APPROVED, [])
    (step, _) = wired.publish_wave(ready, keys, 2024, (*OWN_GATES, eager), opened)
    assert (step.state, eager.seen) == (State.PUBLISHED, [FOLDER])
    again = Eager()
    wired.publish_wave(ready, keys, 2024, (*OWN_GATES, again), opened)
    assert not again.seen, "what is out already is not looked at"


def test_a_decision_typed_in_dagster_files_in_the_inbox_and_the_publication(tmp_path, opened):
    bundle, resources = tiny(tmp_path), {"store": Store(data_dir=str(tmp_path))}
    paths = Paths(tmp_path)
    typed = {"paket": FOLDER, "namn": FIRST, "roll": "chef", "skal": "granskat"}
    with dg.DagsterInstance.ephemeral() as instance:
        done = godkann.execute_in_process(typed, instance, resources=resources)
        assert done.success
        (output,) = [event for event in done.all_node_events if event.is_successful_output]
        assert output.step_output_data.metadata["nästa steg"].value.startswith("En person till ska godkänna")
        assert instance.get_latest_materialization_event(dg.AssetKey(["quality", "overview"])).run_id == done.run_id
        twice = godkann.execute_in_process(typed | {"skal": "igen"}, instance, resources=resources, raise_on_error=False)
        assert "två olika personer" in twice.failure_data_for_node("decide").user_failure_data.description
        paths.approvals_inbox.mkdir(parents=True)
        text = approval_text(bundle, SECOND, datum=date.today().isoformat())  # noqa: DTZ011 - as a person writes it
        (paths.approvals_inbox / "bo.yml").write_text(text, encoding="utf-8")
        assert ta_emot_godkannanden.execute_in_process({}, instance, resources=resources).success
        assert not list(paths.approvals_inbox.iterdir())
        published = dg.materialize(
            [published_sealed_bundles], instance=instance, resources=resources,
            run_config={"ops": {"published__sealed_bundles": {"config": {"wave": 2024, "kommuner": ["0127"]}}}},
        )  # fmt: skip
        metadata = published.asset_materializations_for_node("published__sealed_bundles")[0].metadata
        shown = instance.get_latest_materialization_event(dg.AssetKey(["quality", "overview"]))
        assert shown is not None
        assert shown.run_id == published.run_id, "the overview follows what is decided and published"
        assert (paths.quality / "lagesoversikt.html").is_file()
    assert metadata["nya utgivna paket"].value == 1
    assert "utgivet" in metadata["paket"].value
    assert metadata[FOLDER].value.endswith(f"{FOLDER}.zip")
    assert "jobbet verifiera" in metadata["nästa steg"].value
    assert lying(paths) == [f"{FOLDER}.zip"]


def test_the_sensor_waits_for_whole_files_and_takes_the_same_file_a_second_time(tmp_path):
    folder = Paths(tmp_path).approvals_inbox
    assert evaluate_approvals(folder, None)[0] is None
    folder.mkdir(parents=True)
    keys, cursor = [], None
    for _ in range(2):
        (folder / "a.yml").write_text("namn: x", encoding="utf-8")
        for expected in (False, True, False):
            key, _, cursor = evaluate_approvals(folder, cursor)
            assert (key is not None) == expected
            keys += [key] if key else []
        (folder / "a.yml").unlink()
        cursor = evaluate_approvals(folder, cursor)[2]
    assert len(set(keys)) == 2
    context = dg.build_sensor_context(dg.DagsterInstance.ephemeral(), resources={"store": Store(data_dir=str(tmp_path))})
    assert isinstance(approvals_sensor(context), dg.SkipReason)


def test_the_commands_from_approval_to_the_receivers_check(tmp_path, monkeypatch, opened, capsys):
    home = tmp_path / "data"
    monkeypatch.setenv("DID_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    tiny(home)
    tighten(home)  # as the program itself would have written it

    def did(*words: str) -> tuple[int, str]:
        code = cli.main(words)
        told = capsys.readouterr()
        return code, told.out + told.err

    def shown() -> tuple[str, str]:
        overview = overview_of((home / "kvalitet" / DATA).read_text("utf-8"))
        (row,) = (row for row in overview.of(2024) if row.area_code == "0127")
        return row.approvals, row.states["published"]

    given = ("--roll", "chef", "--skal", "granskat")
    assert did("godkann", FOLDER, "--namn", FIRST, *given) == (0, f"{FOLDER}: väntar på ett godkännande.\n")
    assert shown() == ("intern 1/2", WAITING)
    assert did("godkann", FOLDER, "--namn", "Anna Andersson", *given)[0] == 2
    assert did("godkann", FOLDER, "--namn", SECOND, *given, "--avsla")[1] == f"{FOLDER}: avslaget.\n"
    assert did("publicera") == (0, f"{FOLDER}: avslaget\n")
    assert did("godkann", FOLDER, "--namn", SECOND, *given)[0] == 0
    inbox = home / "inbox" / "godkannanden"
    inbox.mkdir(parents=True)
    (inbox / "fel.yml").write_text("hej", encoding="utf-8")
    code, told = did("publicera", "--kommun", "0180")
    assert (code, told.startswith("✗ fel.yml: ")) == (1, True)
    assert did("publicera", "--kommun", "0127")[1].startswith(f"{FOLDER}: utgivet nu\n")
    assert shown()[1] == DONE
    code, told = did("nyckel", "--exportera", "publik.pem")
    assert code == 0
    archive = str(home / "publicerat" / "2024" / f"{FOLDER}.zip")
    mark = told.splitlines()[0].split(": ")[1]
    assert did("verifiera", archive)[0] == 3
    assert did("verifiera", archive, "--fingeravtryck", mark)[0] == 0
    assert did("verifiera", archive, "--nyckel", "publik.pem")[0] == 0
    assert did("nyckel", "--byt")[0] == 0
    assert did("nyckel", "--exportera", "ny.pem")[0] == 0
    assert did("verifiera", archive, "--nyckel", "ny.pem")[0] == 1
    assert did("verifiera", archive, "--nyckel", "borta.pem")[0] == 2

    shutil.rmtree(home / "kvalitet")
    (home / "kvalitet").write_text("i vägen", encoding="utf-8")
    code, told = did("publicera", "--kommun", "0127")
    assert (code, "Lägesöversikten är inte uppdaterad." in told) == (0, True), "what is published stands"


def test_the_job_everything_hands_on_what_is_said_and_keeps_the_other_choices(tmp_path):
    choices, paths = RunChoices(edition="publik", remake=True, public_areas=["0127"]), Paths(tmp_path)

    def given(**typed):
        return child_config(choose(paths, typed), choices)

    named = given(av=" Anna  Andersson ")["resources"]["choices"]["config"]
    assert RunChoices(**named) == RunChoices(edition="publik", remake=True, public_areas=["0127"], prepared_by="Anna Andersson")
    other = given(utgava="intern", arbetare=1, allt="nej")["resources"]["choices"]["config"]
    assert RunChoices(**other) == RunChoices(edition="intern", remake=False, public_areas=["0127"], workers=1)
    assert given() == {}
    with pytest.raises(PipelineError, match="Fältet av"):
        given(av="7")


def test_a_run_is_told_who_makes_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("DID_HOME", str(tmp_path))
    paths = Paths(tmp_path)
    paths.make()
    (paths.surveys / "x.sav").write_bytes(b"x")
    given = {}

    def run_chain(home, progress, **choices):
        given.update(choices)
        return 0

    monkeypatch.setattr(cli_chain, "run_chain", run_chain)
    assert cli.main(["kor", "--av", " Anna   Andersson"]) == 0
    assert given["prepared_by"] == "Anna Andersson"
    assert cli.main(["kor", "--av", "7"]) == 2
    assert "Anna Andersson" in capsys.readouterr().err
