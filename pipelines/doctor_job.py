"""`did doctor` for a steward without a terminal: the same examination, with its answer on the run's page."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from assets.failures import failure
from assets.intake.names import in_markdown
from assets.methods.errors import PipelineError, count_sv
from assets.texts import automation_texts
from pipelines.doctor import Finding, closing, examine
from pipelines.flat_form import no_fields
from pipelines.resources import Store

TEXTS = automation_texts()
ROOT = Path(__file__).resolve().parents[1]
JOB = "undersok_datorn"
SIGNS = {"ok": "✓", "note": "–", "stop": "✗"}


def findings_table(findings: Sequence[Finding]) -> str:
    """The findings as a Markdown table, what has to be mended first."""
    first = sorted(findings, key=lambda one: ("stop", "note", "ok").index(one.mark))
    rows = (f"| {SIGNS[one.mark]} | {in_markdown(one.text)} | {in_markdown(one.remedy) or '–'} |" for one in first)
    return "\n".join(["| | det här är sett | gör så här |", "|---|---|---|", *rows])


@dg.op(name="undersok", out=dg.Out(dg.Nothing), description=TEXTS["ops"][JOB])
def examine_computer(context: dg.OpExecutionContext, store: Store) -> None:
    """Examine the computer; fails when something stops the chain."""
    findings = examine(ROOT, store.paths.root, page=True)
    for one in findings:
        (context.log.info if one.mark == "ok" else context.log.warning)(f"{SIGNS[one.mark]} {one.text}. {one.remedy}".strip())
    context.add_output_metadata({"sammanfattning": closing(findings), "svar": dg.MetadataValue.md(findings_table(findings))})
    stops = [one for one in findings if one.mark == "stop"]
    if stops:
        got = f"{count_sv(len(stops), 'sak', 'saker')} att åtgärda först: {stops[0].text}"
        raise failure(PipelineError("computer", "Datorn", "att allt som behövs finns", got, stops[0].remedy))


@dg.job(name=JOB, description=TEXTS["jobs"][JOB], config=no_fields)
def undersok_datorn() -> None:
    """The examination."""
    examine_computer()
