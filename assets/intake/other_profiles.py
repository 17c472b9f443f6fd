"""A file in the wrong inbox: does it belong to another profile's survey?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assets.catalogue.models import Codebook
from assets.intake.by_text import KnownColumns, names_by_text, with_names
from assets.intake.readers import read_delivery
from assets.intake.recognise import recognise
from assets.methods.errors import PipelineError

UNKNOWN = frozenset({"unknown_variables"})


@dataclass(frozen=True)
class OtherInbox:
    """Another profile: its id and title, where its inbox lies (as people see it), and what its deliveries are known by."""

    profile_id: str
    title: str
    folder: str
    command: str
    codebooks: tuple[Codebook, ...]
    wordings: Mapping[str, str]


def other_profile(path: Path, others: Sequence[OtherInbox]) -> PipelineError | None:
    """The sentence for a file that another profile's codebook knows; None when none does."""
    for other in others:
        try:
            delivery = read_delivery(path, KnownColumns(other.codebooks, other.wordings))
            named = names_by_text(delivery, other.codebooks, other.wordings)
            book = recognise(path.name, with_names(delivery, named).coded.columns, other.codebooks)
        except PipelineError:
            continue
        return PipelineError(
            "other_profile",
            path.name,
            "en leverans av den enkät som den här inkorgen är till för",
            f"en leverans av {other.title} (kodboken {book.id}), som hör till profilen {other.profile_id}",
            f"Lägg filen i {other.folder} och kör {other.command}.",
        )
    return None
