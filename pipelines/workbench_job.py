"""The codebook workbench for a steward without a terminal: a job with the file's name as its only setting.

The same workbench as `did kodbok` (pipelines/codebook.py), the same sentences; what it found stands on the run's page as
Markdown: column names, counts and reasons, never what a pupil answered.
"""

import unicodedata
from pathlib import Path

import dagster as dg
from pydantic import Field

from assets.catalogue.load import load_catalogue
from assets.catalogue.models import Survey
from assets.failures import as_failure
from assets.intake.names import in_markdown, shown_name
from assets.intake.proposal import codebook_id
from assets.intake.receive import file_hash, inbox_files
from assets.intake.sidecar import is_sidecar
from assets.intake.workbench import Proposal
from assets.methods.errors import PipelineError
from assets.texts import shown_as, ui_texts
from pipelines.codebook import Proposed, Ways, run_workbench
from pipelines.flat_form import flat_form
from pipelines.paths import Paths
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

TEXTS = ui_texts()
REJECTED = TableName("raw", "rejected_files")
UNKNOWN = "unknown_variables"
IN_DAGSTER = Ways(
    force="Fyll i namn om du ändå vill ha ett förslag.",
    elsewhere="Flytta undan den eller fyll i ett annat namn, och kör igen.",
)
SHOWN = 8


@shown_as("propose_codebook")
class CodebookRequest(dg.Config):
    """Which file the workbench reads, and what the codebook is called."""

    fil: str = Field(default="", description=TEXTS["fields"]["fil"])
    namn: str = Field(default="", description=TEXTS["fields"]["namn"])


def find_delivery(paths: Paths, name: str) -> Path:
    """The file of that name among the set-aside files or in the inbox; with an empty name the only unknown set-aside file.

    Raises:
        PipelineError: `no_file` when there is none, or several to choose among; lists what can be written.
    """
    wanted = unicodedata.normalize("NFC", name.strip())
    here = [path for folder in (paths.rejected, paths.surveys) for path in _deliveries(folder)]
    found = [path for path in here if unicodedata.normalize("NFC", path.name) == wanted] if wanted else _unknown(paths)
    if found and (wanted or len(found) == 1):
        return found[0]
    offered = found or _deliveries(paths.rejected) or here
    hint = "Lägg filen i inkorgen och kör igen."
    if offered:
        names = ", ".join(shown_name(path.name) for path in offered[:SHOWN])
        more = f" och {len(offered) - SHOWN} till" if len(offered) > SHOWN else ""
        hint = f"Skriv ett av de här namnen i fältet fil och kör igen: {names}{more}."
    where = shown_name(wanted) if wanted else "Fältet fil"
    expected = "namnet på en fil i inbox/avvisade eller inbox/enkat"
    got = "ett namn som ingen fil där har" if wanted else ("flera okända filer att välja på" if found else "inget namn")
    raise PipelineError("no_file", where, expected, got, hint)


def _deliveries(folder: Path) -> list[Path]:
    return [path for path in inbox_files(folder) if not is_sidecar(path) and not _is_note(path)]


def _is_note(path: Path) -> bool:
    """Is it the sentence that lies beside a set-aside file?"""
    return path.suffix == ".txt" and path.with_suffix("").exists()


def _unknown(paths: Paths) -> list[Path]:
    """Set-aside files that no codebook knew."""
    held = Warehouse(paths.warehouse).read(REJECTED)
    unknown = set(held.filter(held["code"] == UNKNOWN)["sha256"].to_list()) if held.height else set()
    return [path for path in _deliveries(paths.rejected) if file_hash(path) in unknown]


def proposal_table(proposal: Proposal, survey: Survey) -> str:
    """The columns with their questions, how sure and why, as a Markdown table; what isn't a question last."""
    lines = ["| kolumn | fråga | betyder | omdöme | skäl |", "|---|---|---|---|---|"]
    for match in proposal.matches:
        label = survey.by_key[match.item].label_sv
        cells = (shown_name(match.column), match.item, label, match.confidence, ", ".join(match.reasons))
        lines.append(f"| {' | '.join(in_markdown(cell) for cell in cells)} |")
    for column, why in proposal.unknown.items():
        lines.append(f"| {in_markdown(shown_name(column))} | – | – | okänd | {in_markdown(why)} |")
    return "\n".join(lines)


def result_metadata(done: Proposed, file: Path, paths: Paths) -> dict[str, object]:
    """What the run's page shows: the summary, where the codebook lies, each column, and what to do now."""
    metadata: dict[str, object] = {"sammanfattning": dg.MetadataValue.md("\n".join(f"- {in_markdown(x)}" for x in done.lines))}
    if done.proposal is None or done.target is None:
        return metadata
    steps = [
        f"Öppna {in_markdown(str(done.target))} i en textredigerare och läs igenom raderna.",
        "Rader som börjar med # är osäkra och används inte; ta bort # framför dem som stämmer.",
    ]
    if file.parent == paths.rejected:
        steps.append(f"Flytta {in_markdown(shown_name(file.name))} från inbox/avvisade till inbox/enkat.")
    steps.append("Kör jobbet everything.")
    return {
        "sammanfattning": metadata["sammanfattning"],
        "kodbok": dg.MetadataValue.path(str(done.target)),
        "kolumner": dg.MetadataValue.md(proposal_table(done.proposal, load_catalogue().survey)),
        "gör så här": dg.MetadataValue.md("\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1))),
    }


@dg.op(name="kodbok", out=dg.Out(dg.Nothing), description=TEXTS["ops"]["kodbok"])
def codebook_op(context: dg.OpExecutionContext, config: CodebookRequest, store: Store) -> None:
    """Propose a codebook for one delivery."""
    paths = store.paths
    with as_failure():
        file = find_delivery(paths, config.fil)
        name = config.namn.strip().removesuffix(".yml")
        out = paths.codebooks / f"{codebook_id(f'{name}.yml', frozenset())}.yml" if name else None
        done = run_workbench(file, out, paths.root, IN_DAGSTER)
    for line in done.lines:
        context.log.info(line)
    context.add_output_metadata(result_metadata(done, file, paths))


@dg.job(description=TEXTS["jobs"]["propose_codebook"], config=flat_form(CodebookRequest, "kodbok"))
def propose_codebook() -> None:
    """The workbench as a job."""
    codebook_op()


WORKBENCH_JOBS = (propose_codebook,)
