"""What a preview leaves beside the reports for the release register: its published cells and what they were made from."""

from collections.abc import Callable, Iterable
from pathlib import Path

from assets.catalogue.load import Catalogue
from assets.charts.types import ReleaseFrames, Scope
from assets.methods.errors import PipelineError
from assets.release_register.cells import published_cells
from assets.release_register.inputs import inputs_of
from assets.release_register.store import preview_path, write_preview
from assets.release_register.types import Inputs
from assets.release_register.words import TABLE_SCHEMA, conflict_error
from assets.texts import register_texts
from pipelines.resources import ReleaseReader


def released_inputs(reader: ReleaseReader, catalogue: Catalogue) -> Inputs:
    """What the release was made from, after a look that it may be published.

    Raises:
        PipelineError: `release_conflict`, it tells too much together with what has been published.
    """
    texts, compared = register_texts(), reader.read("earlier_releases")
    problem = conflict_error(compared, texts) if compared.width == len(TABLE_SCHEMA) else None
    if problem:
        raise PipelineError(problem.code, problem.where, problem.expected, problem.got, texts["stop"]["reports"])
    removal = reader.read("screen_sensitivity")
    screen = dict(removal.select("wave", "removal").unique().sort("wave").iter_rows()) if removal.width else {}
    return inputs_of(reader.read("provenance"), screen, catalogue)


def keep_previews(
    root: Path, bundles: Iterable[tuple[Scope, str, bool]], frames_of: Callable[[Scope], ReleaseFrames], inputs: Inputs
) -> None:
    """Write the cells of each bundle that is made anew, or whose cells are missing, beside the reports and never into the bundle.

    Args:
        bundles: scope, folder and whether the bundle has just been made.
    """
    for scope, folder, made in bundles:
        if made or not preview_path(root, scope.wave, folder).is_file():
            write_preview(root, scope.wave, folder, published_cells(frames_of(scope)), inputs)
