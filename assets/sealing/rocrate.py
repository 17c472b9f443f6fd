"""Provenance of a sealed bundle as an RO-Crate: what it was made of, by which program and definitions, and who let it go.

RO-Crate 1.1 with the Process Run Crate profile 0.5 (one `CreateAction` whose instrument is the program). Everything is taken from
the certificate and the approvals; dates are theirs, so the bytes are the same every time. Deliveries stand by their sums and
never by name: a file name can say which school it came from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from assets.sealing.approvals import Approval
from assets.sealing.manifest import APPROVALS, CRATE, NAME, Manifest

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
CONFORMS = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
KINDS = {
    "html": "text/html", "txt": "text/plain", "csv": "text/csv", "json": "application/json", "jsonld": "application/ld+json",
    "svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf", "md": "text/markdown",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
Entity = dict[str, object]


def crate_bytes(manifest: Manifest, files: Mapping[str, bytes], approvals: Sequence[Approval], certificate: str) -> bytes:
    """`ro-crate-metadata.json` for the bundle's root.

    Args:
        files: the bundle's files with their content, without approvals and seal.
        certificate: the folder of the certificate.
    """
    parts = [_file(name, manifest, content) for name, content in sorted(files.items())]
    parts.append({"@id": f"{certificate}/{APPROVALS}", "@type": "File", "name": "Godkännanden", "encodingFormat": KINDS["json"]})
    graph = [_descriptor(), _root(manifest, parts, approvals), *parts, *_made(manifest), *_people(manifest, approvals)]
    graph += [_approval(place, one, f"{certificate}/{NAME}") for place, one in enumerate(approvals, start=1)]
    whole = {"@context": CONTEXT, "@graph": graph}
    return (json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")


def _descriptor() -> Entity:
    return {"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": CONFORMS}}


def _root(manifest: Manifest, parts: Sequence[Entity], approvals: Sequence[Approval]) -> Entity:
    made_up = " Enkätsvaren är påhittade." if manifest.content.get("synthetic_survey_data") else ""
    place, wave = manifest.text("area_name"), manifest.content.get("wave")
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": manifest.bundle,
        "description": f"Rapportpaket för {place}, mättillfället {wave}, utgåvan {manifest.text('edition')}.{made_up}",
        "datePublished": manifest.text("released"),
        "version": manifest.text("version"),
        "license": {"@id": LICENCE},
        "conformsTo": {"@id": PROFILE},
        "inLanguage": "sv",
        "hasPart": [{"@id": part["@id"]} for part in parts],
        "mentions": [{"@id": "#korning"}, *({"@id": f"#godkannande-{n}"} for n in range(1, len(approvals) + 1))],
    }


def _file(name: str, manifest: Manifest, content: bytes) -> Entity:
    kind = KINDS.get(name.rsplit(".", 1)[-1].lower(), "application/octet-stream")
    sha = manifest.files.get(name, manifest.sha256)
    return {
        "@id": name.replace(" ", "%20"), "@type": "File", "name": name.rsplit("/", 1)[-1], "encodingFormat": kind,
        "contentSize": str(len(content)), "sha256": sha,
    }  # fmt: skip


def _made(manifest: Manifest) -> list[Entity]:
    """The action that made the bundle, its program, definitions, policy and inputs."""
    sources = sorted({str(sha) for sha in manifest.part("sources").values()})
    inputs: list[Entity] = [
        {"@id": f"#indata-{sha[:16]}", "@type": "CreativeWork", "name": f"Indata {sha[:8]}", "identifier": f"sha256:{sha}"}
        for sha in sources
    ]
    catalogue, policy = manifest.text("catalogue_hash"), str(manifest.part("disclosure").get("policy") or "")
    given: list[Entity] = [
        {"@id": "#definitioner", "@type": "CreativeWork", "name": "Definitioner", "identifier": f"sha256:{catalogue}"},
        {"@id": "#rojandepolicy", "@type": "CreativeWork", "name": "Regler mot röjande", "version": policy},
    ]
    if manifest.release.get("id"):
        given.append({"@id": "#utgava", "@type": "CreativeWork", "name": "Utgåvan", "identifier": str(manifest.release["id"])})
    action: Entity = {
        "@id": "#korning",
        "@type": "CreateAction",
        "name": "Körningen som gjorde paketet",
        "instrument": {"@id": "#programmet"},
        "object": [{"@id": one["@id"]} for one in (*inputs, *given)],
        "result": {"@id": "./"},
        "endTime": manifest.text("released"),
    }
    if manifest.prepared_by:
        action["agent"] = {"@id": "#person-gjord-av"}
    version = manifest.text("code_version")
    program: Entity = {"@id": "#programmet", "@type": "SoftwareApplication", "name": "Data i dialog", "softwareVersion": version}
    licence: Entity = {"@id": LICENCE, "@type": "CreativeWork", "name": "Creative Commons Erkännande 4.0"}
    return [action, program, *given, *inputs, licence]


def _people(manifest: Manifest, approvals: Sequence[Approval]) -> list[Entity]:
    people: list[Entity] = [
        {"@id": f"#person-{place}", "@type": "Person", "name": one.namn, "jobTitle": one.roll}
        for place, one in enumerate(approvals, start=1)
    ]
    if manifest.prepared_by:
        people.append({"@id": "#person-gjord-av", "@type": "Person", "name": manifest.prepared_by})
    return people


def _approval(place: int, approval: Approval, of: str) -> Entity:
    return {
        "@id": f"#godkannande-{place}",
        "@type": "EndorseAction",
        "name": f"Godkännande {place}",
        "agent": {"@id": f"#person-{place}"},
        "object": {"@id": of},
        "endTime": approval.datum.isoformat(),
        "description": approval.skal,
    }
