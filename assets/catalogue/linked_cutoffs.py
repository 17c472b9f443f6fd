"""The sets of limits on the scale that pupils are scored on: those made for another scoring method are carried over. Pure."""

from __future__ import annotations

from assets.catalogue.cutoff_models import CutOffFile, CutOffs
from assets.catalogue.models import IndexFile
from assets.catalogue.scoring_models import ScoringFile
from assets.methods.cutoff_linking import linked_limits
from assets.methods.errors import PipelineError
from assets.methods.persons import index_specs


def linked_id(set_id: str, estimator: str) -> str:
    """Id of a set carried over to a method: another set, so that rows of the two are never taken for each other."""
    return f"{set_id}-{estimator}"


def on_the_scale_of(file: CutOffFile, index_file: IndexFile, scoring: ScoringFile, problems: list[str]) -> CutOffFile:
    """The file with every set on the scale of the indices; itself when all sets are made for it.

    Limits that can't be carried over are added to `problems`, as are sets of another model.
    """
    foreign = [one.id for one in file.sets if (one.estimator == "mean") != (index_file.model == "mean_score")]
    problems += [f"cutoffs.yml: {set_id} är inte gjord för model {index_file.model}" for set_id in foreign]
    others = {one.id: linked_id(one.id, index_file.estimator) for one in file.sets if one.estimator != index_file.estimator}
    if foreign or not others:
        return file
    try:
        sets = tuple(_linked(one, index_file, scoring) if one.id in others else one for one in file.sets)
    except PipelineError as error:
        problems.append(f"cutoffs.yml: {error}")
        return file
    return file.model_copy(update={"default": others.get(file.default, file.default), "sets": sets})


def _linked(one: CutOffs, index_file: IndexFile, scoring: ScoringFile) -> CutOffs:
    made_for, method = scoring.get(one.estimator), scoring.get(index_file.estimator)
    cuts = dict(one.cuts)
    for spec in index_specs(index_file):
        if (cut := cuts.get(spec.key)) is not None:
            lower, upper = linked_limits(spec, (cut.lower, cut.upper), made_for.key, method.key, index_file.theta_range)
            cuts[spec.key] = cut.model_copy(update={"lower": lower, "upper": upper})
    title, reference = scoring.linked_words(one.title_sv, one.reference_sv, made_for.key, method.key)
    told = {"id": linked_id(one.id, method.key), "title_sv": title, "reference_sv": reference}
    return one.model_copy(update={**told, "estimator": method.key, "cuts": cuts})
