"""What follows with the program and is put in the inbox: register files, and invented forms for the demo."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path

from pipelines.homes import ROOT

REGISTERS = ROOT / "assets" / "demo" / "registers"
NOT_FOR_THE_INBOX = ("scb_", "README", ".")
"""Files beside the registers that the simulator needs, and words about them."""


def copy_registers(inbox: Path, source: Path = REGISTERS) -> int:
    """Put the bundled register files in the inbox; a file already there with the same content is left alone.

    Returns:
        How many register files the inbox now has from us.
    """
    files = sorted(path for path in source.iterdir() if path.is_file() and not path.name.startswith(NOT_FOR_THE_INBOX))
    inbox.mkdir(parents=True, exist_ok=True)
    for path in files:
        target = inbox / path.name
        if not target.exists() or not filecmp.cmp(path, target, shallow=False):
            half = inbox / f".{path.name}.del"
            shutil.copyfile(path, half)
            half.replace(target)
    return len(files)


def fill_forms(folder: Path) -> int:
    """Put invented forms about activities, preconditions and decisions in the inbox. SYNTHETIC.

    Returns:
        How many there are.
    """
    from assets.demo.activity_answers import activity_forms
    from assets.demo.decision_files import decision_forms
    from assets.demo.form_files import write_forms
    from assets.demo.readiness_ratings import readiness_forms
    from assets.forms.definitions import form_definitions

    return len(write_forms([*activity_forms(), *readiness_forms(), *decision_forms()], form_definitions(), folder))
