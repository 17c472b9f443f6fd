"""`7_intyg/dcat.jsonld`: the public edition described for data portals by DCAT-AP-SE 2.2.0 (Digg, 2024), as JSON-LD.

One data set with its tables as distributions. Only the edition `publik` has a description: nobody should find the internal one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assets.bundle.content import folder_name
from assets.bundle.tables import json_bytes
from assets.bundle.types import ReportMeta
from assets.charts.types import ReleaseFrames, Scope
from assets.methods.errors import PipelineError

PATH = "7_intyg/dcat.jsonld"
PUBLIC = "publik"
AUTHORITY = "http://publications.europa.eu/resource/authority"
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/vnd.datapackage+json",
}
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
Node = dict[str, Any]


def dcat_files(files: Mapping[str, bytes], frames: ReleaseFrames, scope: Scope, meta: ReportMeta) -> dict[str, bytes]:
    """The description of a public bundle's tables; nothing for other editions or a catalogue without `open_data`.

    Args:
        files: the bundle's files so far; those in `4_tabeller` become distributions with their size.
        frames: the survey's waves tell the period.

    Raises:
        PipelineError: `open_data` when real answers would be described with the example addresses of the catalogue.
    """
    told = meta.open_data
    if scope.edition != PUBLIC or told is None:
        return {}
    _refuse_examples(told, scope, meta)
    folder = folder_name(scope, meta)
    base = f"{told['download_base']}{folder}/"
    tables = {name: raw for name, raw in sorted(files.items()) if name.startswith("4_tabeller/")}
    distributions = [_distribution(base, name, raw, told, meta) for name, raw in tables.items()]
    dataset = _dataset(base, frames, scope, told, meta) | {"dcat:distribution": [_ref(d["@id"]) for d in distributions]}
    return {PATH: json_bytes({"@context": CONTEXT, "@graph": [_publisher(told), _contact(base, told), dataset, *distributions]})}


def _refuse_examples(told: Mapping[str, Any], scope: Scope, meta: ReportMeta) -> None:
    names = ("publisher_uri", "contact_email", "download_base")
    examples = [name for name in names if "example." in told[name]]
    if examples and not meta.charts.synthetic:
        raise PipelineError(
            code="open_data",
            where=f"den publika utgåvan för {scope.area_name}, publication.yml",
            expected="utgivarens egna adresser",
            got=f"exempeladresser i {', '.join(examples)}",
            hint="Skriv utgivare, kontakt och adress under open_data i publication.yml och kör igen.",
        )


def _dataset(base: str, frames: ReleaseFrames, scope: Scope, told: Mapping[str, Any], meta: ReportMeta) -> Node:
    words = {"area": scope.area_name, "wave": scope.wave}
    waves = sorted(set(frames.response_rates["wave"].to_list()) | {scope.wave})
    synthetic = f" {meta.texts['readme']['synthetic']}" if meta.charts.synthetic else ""
    limits = f" {meta.other_limits}" if meta.other_limits else ""
    return {
        "@id": f"{base}#datamangd",
        "@type": "dcat:Dataset",
        "dcterms:title": [_text(told["title_sv"].format(**words), "sv"), _text(told["title_en"].format(**words), "en")],
        "dcterms:description": [
            _text(told["description_sv"].format(**words) + synthetic + limits, "sv"),
            _text(told["description_en"].format(**words) + _other_limits(meta), "en"),
        ],
        "dcterms:identifier": f"{base}#datamangd",
        "dcterms:publisher": _ref(told["publisher_uri"]),
        "dcat:contactPoint": _ref(f"{base}#kontakt"),
        "dcat:keyword": [_text(word, "sv") for word in told["keywords_sv"]],
        "dcat:theme": [_ref(f"{AUTHORITY}/data-theme/{code}") for code in told["themes"]],
        "dcterms:language": [_ref(f"{AUTHORITY}/language/SWE")],
        "dcterms:accessRights": _ref(f"{AUTHORITY}/access-right/PUBLIC"),
        "dcterms:accrualPeriodicity": _ref(f"{AUTHORITY}/frequency/BIENNIAL"),
        "dcterms:issued": _typed(meta.released.isoformat(), "date"),
        "owl:versionInfo": meta.version,
        "dcterms:spatial": [_place(scope, told), _ref(told["county_uri"])],
        "dcterms:temporal": {
            "@type": "dcterms:PeriodOfTime",
            "dcat:startDate": _typed(str(waves[0]), "gYear"),
            "dcat:endDate": _typed(str(waves[-1]), "gYear"),
        },
    }


def _other_limits(meta: ReportMeta) -> str:
    """The set of limits by its id, when it isn't the usual one: its Swedish title stands in the Swedish description."""
    return f" {meta.texts['dcat']['other_limits_en'].format(id=meta.cutoff_id)}" if meta.other_limits else ""


def _place(scope: Scope, told: Mapping[str, Any]) -> Node:
    """The municipality by its URI when the catalogue knows one, else by name and official code."""
    if uri := told["places"].get(scope.area_code):
        return _ref(uri)
    return {
        "@type": "dcterms:Location",
        "skos:prefLabel": _text(scope.area_name, "sv"),
        "dcterms:identifier": scope.area_code,
    }


def _distribution(base: str, name: str, raw: bytes, told: Mapping[str, Any], meta: ReportMeta) -> Node:
    stem, dot, end = name.rpartition("/")[2].rpartition(".")
    titles = meta.texts["tables"]
    title = titles[stem]["title"] if stem in titles else meta.texts["dcat"].get(stem, stem)
    return {
        "@id": f"{base}{name}",
        "@type": "dcat:Distribution",
        "dcterms:title": _text(title, "sv"),
        "dcat:accessURL": _ref(base),
        "dcat:downloadURL": _ref(f"{base}{name}"),
        "dcterms:format": MEDIA_TYPES.get(dot + end, "application/octet-stream"),
        "dcat:byteSize": _typed(str(len(raw)), "decimal"),
        "dcterms:license": _ref(told["licence_uri"]),
        "dcterms:language": [_ref(f"{AUTHORITY}/language/SWE")],
        "dcterms:issued": _typed(meta.released.isoformat(), "date"),
    }


def _publisher(told: Mapping[str, Any]) -> Node:
    return {"@id": told["publisher_uri"], "@type": "foaf:Agent", "foaf:name": _text(told["publisher_name"], "sv")}


def _contact(base: str, told: Mapping[str, Any]) -> Node:
    mail = _ref(f"mailto:{told['contact_email']}")
    return {"@id": f"{base}#kontakt", "@type": "vcard:Organization", "vcard:fn": told["contact_name"], "vcard:hasEmail": mail}


def _ref(uri: str) -> Node:
    return {"@id": uri}


def _text(text: str, language: str) -> Node:
    return {"@value": text, "@language": language}


def _typed(text: str, kind: str) -> Node:
    return {"@value": text, "@type": f"xsd:{kind}"}
