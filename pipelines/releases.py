"""What `did utgivningar` prints: what has been published, whether the register is whole, and conflicts with the new release."""

from __future__ import annotations

from pathlib import Path

from assets.methods.errors import count_sv
from assets.release_register.chain import Chain
from assets.release_register.store import check_register, read_cells, read_register
from assets.release_register.words import Texts, remedy_lines, short_id
from assets.texts import register_texts
from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse

EARLIER = TableName("release", "earlier_releases")


def release_lines(root: Path, *, check: bool, conflicts: bool) -> list[str]:
    """The lines of the command.

    Args:
        root: the profile's data folder. check: read every file of cells back. conflicts: what the new release conflicts with.

    Raises:
        PipelineError: the register is not whole.
    """
    texts = register_texts()
    if conflicts:
        return _conflict_lines(Warehouse(Paths(root).warehouse), texts)
    chain = check_register(root) if check else read_register(root)
    lines = _entry_lines(root, chain, texts)
    if chain.recovered:
        lines.append(chain.recovered)
    return [*lines, texts["list"]["whole"]] if check and chain.entries else lines


def _entry_lines(root: Path, chain: Chain, texts: Texts) -> list[str]:
    words = texts["list"]
    if not chain.entries:
        return [words["none"]]
    lines = [words["heading"].format(count=count_sv(len(chain.entries), *words["entries"])), ""]
    for one in chain.entries:
        cells = f"{read_cells(root, one.cells_sha256).height:_}".replace("_", "\u00a0")
        lines.append(
            words["line"].format(
                number=one.number, published=one.new.published_on, bundle=one.new.bundle, edition=one.new.edition,
                wave=one.new.wave, cells=cells, release=short_id(one.new.release_id),
            )
        )  # fmt: skip
    return lines


def _conflict_lines(warehouse: Warehouse, texts: Texts) -> list[str]:
    """Every conflict as a sentence, and what can be done."""
    table = warehouse.read(EARLIER)
    if not table.width:
        return [texts["list"]["not_checked"]]
    sentences = table.drop_nulls("kind")["sentence"].to_list()
    if not sentences:
        return [texts["list"]["no_conflicts"]]
    return [*sentences, "", *remedy_lines(texts)]
