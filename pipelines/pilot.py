"""`did pilot`: how far a pilot's municipalities have come, as lines for the terminal and a page beside the bundles."""

from __future__ import annotations

from pathlib import Path

from assets.bundle.content import folder_name
from assets.bundle.frames import select_frames
from assets.bundle.types import CERTIFICATE, ReportMeta
from assets.bundle.writer import write_page
from assets.catalogue.load import load_catalogue
from assets.catalogue.pilot_models import Pilot
from assets.charts.types import ReleaseFrames, Scope
from assets.kit.kit import CERTIFICATE as KIT_CERTIFICATE
from assets.kit.kit import kit_folder_name
from assets.kit.pilot_status import STEPS, PilotRow, pilot_page, pilot_row
from assets.kit.readme import PATH as README
from assets.kit.texts import kit_texts
from assets.methods.editions import INTERN
from assets.methods.errors import PipelineError
from assets.reports import release_frames, report_meta
from pipelines.paths import Paths
from pipelines.resources import ReleaseReader


def write_pilot_page(home: Path, pilot: Pilot, wave: int | None = None) -> list[str]:
    """Write `<home>/reports/<wave>/pilot_<id>.html`.

    Args:
        wave: the latest when none is given.

    Returns:
        Lines for the terminal.

    Raises:
        PipelineError: `no_release`, when nothing has been run yet.
    """
    catalogue, reader = load_catalogue(), ReleaseReader(data_dir=str(home))
    if not reader.read("index_results").width:
        raise PipelineError("no_release", "Utgåvan", "resultat från en körning", "inga", "Kör did kor eller did demo först.")
    meta, release = report_meta(catalogue), release_frames(reader)
    chosen, edition = wave or catalogue.calendar.survey_waves[-1], INTERN
    root = Paths(home).reports / str(chosen)
    rows = [_row(release, Scope(code, catalogue.area_names[code], chosen, edition), meta, root) for code in pilot.municipalities]
    page = write_page(pilot_page(pilot, rows, meta, chosen).decode(), root / f"pilot_{pilot.id}.html")
    names = kit_texts()["pilot"]["steps"]
    lines = [f"{row.area_name}: {'; '.join(f'{names[s].lower()} {row.steps[s][1]}' for s in STEPS)}" for row in rows]
    return [pilot.title_sv, *lines, f"Sidan ligger i {page}"]


def _row(release: ReleaseFrames, scope: Scope, meta: ReportMeta, root: Path) -> PilotRow:
    bundle, kit = folder_name(scope, meta), kit_folder_name(scope, meta)
    links = {}
    if (root / bundle / CERTIFICATE / "manifest.json").exists():
        links["bundle"] = f"{bundle}/1_rapport/rapport.html"
    if (root / kit / KIT_CERTIFICATE / "manifest.json").exists():
        links["kit"] = f"{kit}/{README}"
    group = meta.comparison_groups.by_code.get(scope.area_code)
    names = [meta.area_names[code] for code in group.compared_with] if group else []
    return pilot_row(select_frames(release, scope, meta.charts.indices), scope, names, links)
