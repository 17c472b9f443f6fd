"""Read the catalogue's YAML and CSV files below a folder, with a profile's own files on top, and gather what is wrong."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from assets.catalogue import models as m

OF_THE_SURVEY = (
    *("surveys", "codebooks", "indicators", "indices.yml", "cutoffs.yml", "breaks.yml", "factors.yml"),
    *("screening.yml", "wording_hashes.csv", "report_series.yml"),
)
"""What is about one survey's questions: never taken from the base by a profile with a survey of its own (`surveys/`)."""
OF_THE_PLACE = "areas"
WAIVERS = "waivers.yml"
_Model = TypeVar("_Model", bound=m.Strict)


FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Plain data only, as `SafeLoader`; in C where PyYAML was built with libyaml, which is ten times as fast."""


class UniqueKeys(FastLoader):
    """YAML where a key that stands twice in a mapping is an error; PyYAML itself would silently keep the last one."""


def _mapping(loader: UniqueKeys, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    doubled = sorted({str(key) for key in keys if keys.count(key) > 1})
    if doubled:
        text = f"står två gånger: {', '.join(doubled)} (rad {node.start_mark.line + 1} och framåt)"
        raise yaml.constructor.ConstructorError(problem=text)
    return loader.construct_mapping(node, deep=True)


UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class Reader:
    """Reads the files below one folder and gathers what is wrong with them."""

    def __init__(self, root: Path, overlay: Path | None = None) -> None:
        self.root = root
        self.overlay = overlay
        self.problems: list[str] = []

    def place(self, name: str) -> Path:
        """Where a file of the catalogue is read: in the overlay when it has it or owns its kind, else in the base."""
        if self.overlay is None:
            return self.root / name
        own = self.overlay / name
        top = name.split("/", 1)[0]
        kind = "surveys" if top in OF_THE_SURVEY else OF_THE_PLACE if top == OF_THE_PLACE else ""
        owned = bool(kind) and (self.overlay / kind).is_dir()
        return own if owned or own.exists() else self.root / name

    def has(self, name: str) -> bool:
        """Whether there is such a file; a profile may do without indices, cut-offs and breaks."""
        return self.overlay is None or self.place(name).exists()

    def names(self, pattern: str) -> list[str]:
        """Names of the files that match, as in `place`."""
        folder = self.place(pattern.rsplit("/", 1)[0])
        stem = pattern.rsplit("/", 1)[0]
        return [f"{stem}/{path.name}" for path in sorted(folder.glob(pattern.rsplit("/", 1)[1]))]

    def yaml(self, name: str) -> Any:
        """The content of a YAML file; None and a problem when it can't be read."""
        try:
            return yaml.load(self.place(name).read_text(encoding="utf-8"), Loader=UniqueKeys)
        except yaml.MarkedYAMLError as error:
            place = f" (rad {error.problem_mark.line + 1})" if error.problem_mark else ""
            self.problems.append(f"{name}: går inte att läsa som YAML: {error.problem}{place}")
        except OSError:
            self.problems.append(f"{name}: filen finns inte")
        return None

    def disclosure(self) -> dict[str, Any]:
        """The disclosure policy with its waivers; a profile has only waivers of its own, never those of the base."""
        content = self.yaml("disclosure.yml")
        own = self.overlay is None or (self.overlay / WAIVERS).exists()
        waivers = self.yaml(WAIVERS) if own else {}
        if not isinstance(content, dict) or not isinstance(waivers, dict) or set(waivers) - {"waivers"} or "waivers" in content:
            self.problems.append(f"disclosure.yml, {WAIVERS}: reglerna står i den första filen, listan waivers i den andra")
            return {}
        return {**content, "waivers": waivers.get("waivers")}

    def model(self, kind: type[_Model], name: str) -> _Model | None:
        """A YAML file as a model; None and its problems when it doesn't hold."""
        before = len(self.problems)
        content = self.yaml(name)
        return None if len(self.problems) > before else self._valid(kind, content, name)

    def survey(self, survey_id: str) -> m.Survey | None:
        """A survey with the items of `surveys/<id>.yml` and of the files in `surveys/<id>/`, in that order."""
        before = len(self.problems)
        survey = self.model(m.Survey, f"surveys/{survey_id}.yml")
        names = self.names(f"surveys/{survey_id}/*.yml")
        more = [self.model(m.ItemFile, name) for name in names]
        others = [name for name, file in zip(names, more, strict=True) if file and file.survey != survey_id]
        self.problems += [f"{name}: survey är inte {survey_id}" for name in others]
        if len(self.problems) > before:
            return None
        items = [item for file in (survey, *more) for item in file.items]
        joined = {field: getattr(survey, field) for field in m.Survey.model_fields} | {"items": items}
        return self._valid(m.Survey, joined, f"surveys/{survey_id}")

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of a CSV file; none and a problem when it isn't there."""
        try:
            with self.place(name).open(encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))
        except OSError:
            self.problems.append(f"{name}: filen finns inte")
            return []

    def shapes(self, name: str) -> list[str]:
        """Whose boundaries a GeoJSON file of municipalities has; none and a problem when it can't be read."""
        try:
            features = json.loads(self.place(name).read_text(encoding="utf-8"))["features"]
            return [str(feature["properties"]["municipality_code"]) for feature in features]
        except OSError:
            self.problems.append(f"{name}: filen finns inte")
        except (ValueError, KeyError, TypeError):
            self.problems.append(f"{name}: går inte att läsa som gränser med municipality_code")
        return []

    def table(self, kind: type[_Model], name: str) -> tuple[_Model, ...]:
        """The rows of a CSV file as models."""
        read = [self._valid(kind, row, f"{name}: rad {number}") for number, row in enumerate(self.rows(name), 2)]
        return tuple(row for row in read if row is not None)

    def _valid(self, kind: type[_Model], content: object, where: str) -> _Model | None:
        try:
            return kind.model_validate(content)
        except ValidationError as error:
            self.problems += [f"{where}: {'.'.join(str(p) for p in d['loc'])}: {said(d)}" for d in error.errors()]
            return None


def said(error: Mapping[str, Any]) -> str:
    """What is wrong, in Swedish where it is one of the common mistakes."""
    common = {"extra_forbidden": "okänd nyckel", "missing": "nyckeln saknas"}
    return common.get(error["type"], error["msg"].removeprefix("Value error, "))
