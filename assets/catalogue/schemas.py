"""JSON Schemas of the catalogue's files, generated from the models: `python -m assets.catalogue.schemas` writes them.

An editor that knows JSON Schema then checks a codebook while it is written; the models stay the one definition.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from assets.catalogue import models as m
from assets.catalogue import prevention_models as prevention
from assets.catalogue import publication_models as pm
from assets.catalogue.activity_form_models import ActivityFormFile
from assets.catalogue.cutoff_models import CutOffFile
from assets.catalogue.estimate_models import EstimateFile
from assets.catalogue.freshness_models import FreshnessFile
from assets.catalogue.hygiene import HygieneFile
from assets.catalogue.indicator_models import IndicatorFile
from assets.catalogue.knowledge_models import CrosswalkFile
from assets.catalogue.pilot_models import PilotFile
from assets.catalogue.priority_models import PriorityFile
from assets.catalogue.profile_models import Profile
from assets.catalogue.psychometric_models import PsychometricRules, PsychometricTexts
from assets.catalogue.readiness_models import ReadinessFile
from assets.catalogue.report_models import ComparisonGroups, ReportSeriesFile
from assets.catalogue.round_models import RoundFile
from assets.catalogue.scan_models import ScanRules
from assets.catalogue.scoring_models import ScoringFile
from assets.catalogue.screening_models import ScreeningFile
from assets.catalogue.settings_models import SavedSetting
from assets.catalogue.statistics_models import FactorFile, FindingFile, StatisticsFile
from assets.intake.limits import IntakeLimits
from assets.methods.disclosure_policy import DisclosurePolicy
from assets.methods.waivers import WaiverFile
from assets.quality.settings import QualitySettings
from assets.registers.agreements import AgreementFile
from assets.registers.models import RegisterSource, UnitFile
from assets.registers.table_mapping import TableMapping

ROOT = Path(__file__).parent
FOLDER = ROOT / "schemas"

#: Kind -> its model and the files below `assets/catalogue` that follow it.
KINDS: dict[str, tuple[type[BaseModel], tuple[str, ...]]] = {
    "activities": (prevention.ActivityFile, ("prevention/activities.yml",)),
    "activity_form": (ActivityFormFile, ("prevention/activity_form.yml",)),
    "activity_statements": (prevention.StatementFile, ("prevention/statements.yml",)),
    "activity_themes": (prevention.InDepthFile, ("prevention/indepth.yml",)),
    "programmes": (prevention.ProgrammeFile, ("prevention/programmes.yml",)),
    "index_factors": (prevention.IndexFactorFile, ("prevention/index_factors.yml",)),
    "agreements": (AgreementFile, ("agreements.yml",)),
    "breaks": (m.BreakFile, ("breaks.yml",)),
    "calendar": (pm.Calendar, ("calendar.yml",)),
    "codebook": (m.Codebook, ("codebooks/*.yml",)),
    "comparison_groups": (ComparisonGroups, ("areas/comparison_groups.yml",)),
    "comparison": (pm.Comparison, ("comparison.yml",)),
    "crosswalk": (CrosswalkFile, ("prevention/crosswalk.yml",)),
    "cutoffs": (CutOffFile, ("cutoffs.yml",)),
    "disclosure": (DisclosurePolicy, ("disclosure.yml",)),
    "estimates": (EstimateFile, ("estimates.yml",)),
    "factors": (FactorFile, ("factors.yml",)),
    "findings": (FindingFile, ("findings.yml",)),
    "hygiene": (HygieneFile, ("hygiene.yml",)),
    "indicators": (IndicatorFile, ("indicators/*.yml",)),
    "indices": (m.IndexFile, ("indices.yml",)),
    "intake": (IntakeLimits, ("intake.yml",)),
    "freshness": (FreshnessFile, ("freshness.yml",)),
    "pilots": (PilotFile, ("pilots.yml",)),
    "priority": (PriorityFile, ("prevention/priority.yml",)),
    "profile": (Profile, ("profile.yml",)),
    "psychometric_texts": (PsychometricTexts, ("texts/psychometrics.yml",)),
    "psychometrics": (PsychometricRules, ("psychometrics.yml",)),
    "publication": (pm.Publication, ("publication.yml",)),
    "quality": (QualitySettings, ("quality.yml",)),
    "readiness": (ReadinessFile, ("prevention/readiness.yml",)),
    "rounds": (RoundFile, ("prevention/rounds.yml",)),
    "reasons": (m.ReasonFile, ("reasons.yml",)),
    "register": (RegisterSource, ("registers/[!u]*.yml",)),
    "register_import": (TableMapping, ("registers/imports/*.yml",)),
    "report_series": (ReportSeriesFile, ("report_series.yml",)),
    "scan": (ScanRules, ("scan.yml",)),
    "scoring": (ScoringFile, ("scoring.yml",)),
    "settings": (SavedSetting, ("installningar/*.yml",)),
    "statistics": (StatisticsFile, ("statistics.yml",)),
    "screening": (ScreeningFile, ("screening.yml",)),
    "survey": (m.Survey, ("surveys/*.yml",)),
    "survey_items": (m.ItemFile, ("surveys/*/*.yml",)),
    "units": (UnitFile, ("registers/units.yml",)),
    "waivers": (WaiverFile, ("waivers.yml",)),
}


def schema_text(kind: str) -> str:
    """The JSON Schema of a kind as it is stored, ending with a newline."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **KINDS[kind][0].model_json_schema()}
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def files_of(kind: str) -> list[Path]:
    """The catalogue's files of a kind, those of all profiles too."""
    return sorted(path for pattern in KINDS[kind][1] for top in ("", "profiles/*/") for path in ROOT.glob(top + pattern))


def write_schemas(folder: Path = FOLDER) -> list[Path]:
    """Write one `<kind>.schema.json` per kind and say where they lie."""
    folder.mkdir(exist_ok=True)
    written = []
    for kind in KINDS:
        path = folder / f"{kind}.schema.json"
        path.write_text(schema_text(kind), encoding="utf-8", newline="\n")
        written.append(path)
    return written


if __name__ == "__main__":
    write_schemas()
