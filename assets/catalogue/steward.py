"""The steward's own codebooks: `data/kodbocker/*.yml`, of the same form as those that ship, and just as strictly read.

The workbench (`did kodbok`) proposes such files; a person reads and edits them. A mistake in one stops the reading of
deliveries with a list of everything that is wrong, because a codebook that is silently left out would turn a good delivery
into an unknown one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml
from pydantic import ValidationError

from assets.catalogue.load import Catalogue
from assets.catalogue.models import Codebook, Survey
from assets.catalogue.reader import UniqueKeys, said
from assets.methods.errors import PipelineError

PATTERN = "*.yml"
MAX_BYTES = 200_000
SEXES = ("girl", "boy", "other")


def load_steward_codebooks(folder: Path, catalogue: Catalogue) -> tuple[Codebook, ...]:
    """Read and check the codebooks in a folder, by file name; none when the folder doesn't exist.

    Raises:
        PipelineError: `steward_codebook`; the message lists every problem with file and key.
    """
    problems: list[str] = []
    books: list[Codebook] = []
    taken = {b.id: "katalogen" for b in catalogue.codebooks}
    for path in sorted(folder.glob(PATTERN)) if folder.is_dir() else ():
        book = _read(path, problems)
        if book is None:
            continue
        if book.id in taken:
            problems.append(f"{path.name}: id {book.id} finns redan i {taken[book.id]}")
        taken.setdefault(book.id, path.name)
        problems += [f"{path.name}: {text}" for text in codebook_problems(book, catalogue.survey)]
        books.append(book)
    if problems:
        raise PipelineError(
            "steward_codebook",
            f"{folder.parent.name}/{folder.name}",
            "kodböcker utan fel",
            f"{len(problems)} fel: " + " | ".join(problems),
            "Rätta raderna ovan och kör igen.",
        )
    return tuple(books)


def with_steward_codebooks(catalogue: Catalogue, folder: Path) -> Catalogue:
    """The catalogue with the steward's codebooks after those that ship. Raises as `load_steward_codebooks`."""
    return replace(catalogue, codebooks=(*catalogue.codebooks, *load_steward_codebooks(folder, catalogue)))


def _read(path: Path, problems: list[str]) -> Codebook | None:
    if path.stat().st_size > MAX_BYTES:
        problems.append(f"{path.name}: filen är större än {MAX_BYTES} byte")
        return None
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=UniqueKeys)
        return Codebook.model_validate(content)
    except yaml.MarkedYAMLError as error:
        place = f" (rad {error.problem_mark.line + 1})" if error.problem_mark else ""
        problems.append(f"{path.name}: går inte att läsa som YAML: {error.problem}{place}")
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        problems.append(f"{path.name}: går inte att läsa som YAML i UTF-8")
    except ValidationError as error:
        problems += [f"{path.name}: {'.'.join(str(p) for p in d['loc'])}: {said(d)}" for d in error.errors()]
    return None


def codebook_problems(book: Codebook, survey: Survey) -> list[str]:
    """What in a codebook doesn't fit the survey, as Swedish texts without the file's name."""
    items = survey.by_key
    if book.survey != survey.id:
        return [f"okänd enkät {book.survey}"]
    problems = [f"okänd fråga {key}" for key in sorted(set(book.items.values()) - set(items))]
    measures = {measure.key for measure in survey.measures}
    problems += [f"okänt mått {key}" for key in sorted(set(book.measures.values()) - measures)]
    problems += [f"två kolumner för frågan {key}" for key in _doubled(list(book.items.values()))]
    for item, variants in book.label_variants.items():
        if item not in items:
            problems.append(f"label_variants: okänd fråga {item}")
            continue
        wrong = sorted(set(variants.values()) - set(survey.answers(item)))
        problems += [f"{item} har ingen svarskod {code}" for code in wrong]
    problems += [f"columns: {role} saknar namn" for role, names in book.columns.required().items() if not names]
    problems += [f"values.grade: okänd årskurs {g}" for g in sorted(set(book.values.grade.values()) - set(survey.grades))]
    problems += [f"values.sex: okänt kön {s}" for s in sorted(set(book.values.sex.values()) - set(SEXES))]
    unknown = sorted(set(book.missing_labels.values()) - set(survey.missing_kinds))
    problems += [f"missing_labels: okänd sorts bortfall {code}" for code in unknown]
    if not book.items:
        problems.append("items är tom")
    return problems


def _doubled(values: Sequence[str]) -> list[str]:
    return sorted({v for v in values if values.count(v) > 1})
