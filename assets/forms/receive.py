"""Take in the forms that lie in the inbox: read, archive; set aside what cannot be read. Touches only the folders it is given."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from assets.forms.collect import Around
from assets.forms.files import read_forms
from assets.forms.tables import ReadForm
from assets.forms.types import FormDefinition, FormKind
from assets.hygiene.purged import refusal
from assets.intake.names import linked_file, shown_name
from assets.intake.receive import Rejected, archive_copy, file_hash, name_hash, set_aside
from assets.methods.errors import PipelineError


def receive_forms(
    paths: Sequence[Path],
    archive: Path,
    rejected: Path,
    definitions: Mapping[FormKind, FormDefinition],
    around: Around,
    already: Collection[str],
    purged: Collection[str] = (),
) -> tuple[list[ReadForm], list[Rejected]]:
    """Read the files whose hash is not in `already`; the same bytes under two names are read once, `purged` ones refused.

    A file with personal data in a text is not archived, so that the text is kept nowhere but where the person who sent it put it.
    """
    read: list[ReadForm] = []
    refused: list[Rejected] = []
    seen = set(already)
    for path in paths:
        if path.is_symlink():
            refused.append(set_aside(path, rejected, linked_file(path.name), name_hash(path)))
            continue
        digest = file_hash(path)
        if digest in seen:
            continue
        seen.add(digest)
        if digest in purged:
            refused.append(set_aside(path, rejected, refusal(shown_name(path.name), digest), digest))
            continue
        try:
            forms = read_forms(path, definitions, around)
        except PipelineError as error:
            refused.append(set_aside(path, rejected, error, digest))
            continue
        changed = path.stat().st_mtime_ns
        read += [ReadForm(form, shown_name(path.name), digest, changed, number) for number, form in enumerate(forms)]
        if not any(form.held_back for form in forms):
            archive_copy(path, archive, digest)
    return read, refused
