"""`make audit`: every locked package has hashes and a licence on the list, and an audit that couldn't ask says so."""

from __future__ import annotations

import json
import tomllib
from email.message import Message
from importlib.metadata import metadata

import pytest

from pipelines import packages
from pipelines.packages import Locked, is_allowed, licence_of, licences, locked, problems, vulnerabilities

RULES = tomllib.loads(packages.LICENCES.read_text(encoding="utf-8"))
LOCKED = locked(packages.LOCK.read_text(encoding="utf-8"))


def told(**fields):
    message = Message()
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            message[name.replace("_", "-")] = one
    return message


def test_every_locked_package_has_hashes_and_an_allowed_licence():
    assert len(LOCKED) > 100
    assert problems(LOCKED, RULES, metadata) == []


def test_every_word_of_the_list_is_used_and_every_exception_has_a_reason():
    found = set(licences(LOCKED, RULES, metadata).values())
    used = {part for expression in found for way in expression.split(" OR ") for part in way.split(" AND ")}
    assert set(RULES["allowed"]) - used == set()
    assert set(RULES["written"].values()) <= {*RULES["allowed"], "BSD-3-Clause OR Apache-2.0"}
    assert all(len(one["reason"]) >= 10 for one in RULES["told"].values())


@pytest.mark.parametrize(
    "expression", ["GPL-3.0-only", "AGPL-3.0-or-later", "MIT AND GPL-2.0", "(MIT OR GPL-2.0)", "UNKNOWN", ""]
)
def test_other_licences_stop(expression):
    assert not is_allowed(expression, RULES["allowed"])
    stopped = problems([Locked("nytt", "1.0", 2)], RULES | {"told": {}}, lambda name: told(License_Expression=expression))
    assert len(stopped) == 1
    assert "nytt har licensen" in stopped[0]


def test_what_metadata_says_is_read_in_its_order():
    written = RULES["written"]
    assert licence_of(told(License_Expression="MIT AND PSF-2.0", License="GPL"), written) == "MIT AND PSF-2.0"
    classes = ["Programming Language :: Python", "License :: OSI Approved :: MIT License"]
    assert licence_of(told(Classifier=classes, License="the text\nof it"), written) == "MIT"
    assert licence_of(told(License="Apache 2.0"), written) == "Apache-2.0"
    assert licence_of(told(License="Permission is hereby granted, free of charge, to any person who obtains it"), written) == ""
    assert licence_of(told(Classifier=["License :: Other/Proprietary License"]), written) == ""


def test_a_pin_without_hash_and_a_forgotten_exception_are_told():
    text = "b==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\nc==2.0\n"
    assert locked(text) == [Locked("b", "1.0", 1), Locked("c", "2.0", 0)]
    rules = RULES | {"told": {"gammal": {"licence": "MIT", "reason": "-"}}}
    said = problems(locked(text), rules, lambda name: told(License="MIT"))
    assert said == [
        "c 2.0 saknar kontrollsumma i requirements.lock.",
        "gammal står i licences.toml men inte i requirements.lock.",
    ]


ANSWER = {
    "dependencies": [
        {"name": "a", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}]},
        {"name": "b", "version": "1.0", "vulns": []},
        {"name": "c", "skip_reason": "Dependency not found on PyPI"},
    ],
    "fixes": [],
}


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (json.dumps(ANSWER), 1, "a 1.0: PYSEC-1, rättat i 1.1."),
        (json.dumps({"dependencies": ANSWER["dependencies"][1:]}), 2, "1 paket gick inte att slå upp"),
        (json.dumps({"dependencies": ANSWER["dependencies"][1:2]}), 0, "Inga kända säkerhetshål i 1 paket."),
        ("", 2, "inget paket är jämfört med den"),
        (json.dumps({"dependencies": ANSWER["dependencies"][2:]}), 2, "inget paket är jämfört med den"),
        (json.dumps({"dependencies": []}), 2, "inget paket är jämfört med den"),
    ],
)
def test_the_audit_never_takes_silence_for_an_all_clear(monkeypatch, capsys, answer, code, says):
    monkeypatch.setattr(packages, "ask_pip_audit", lambda: answer)
    assert packages.main() == code
    assert says in capsys.readouterr().out


def test_faults_and_names_are_read_from_the_answer():
    assert vulnerabilities(json.dumps(ANSWER)) == (["a 1.0: PYSEC-1, rättat i 1.1."], ["c"], 2)
