"""Which settings the Dagster instance gets: our own for one computer, or a file that an environment variable names."""

from __future__ import annotations

import os
from pathlib import Path

from assets.methods.errors import PipelineError

VARIABLE = "DID_DAGSTER_YAML"
"""Names a `dagster.yaml` to use instead: other storage, another run launcher (docs/development/scale.md)."""
SETTINGS = Path(__file__).with_name("dagster.yaml")


def instance_settings() -> Path:
    """The file to use. Raises PipelineError `no_instance_settings` when the one that was named isn't there."""
    named = os.environ.get(VARIABLE, "")
    if not named:
        return SETTINGS
    if not Path(named).is_file():
        raise PipelineError(
            "no_instance_settings",
            f"Miljövariabeln {VARIABLE}",
            "en fil med inställningar för Dagster",
            f"{named}, som inte finns",
            "Rätta sökvägen, eller ta bort variabeln för att köra på en dator.",
        )
    return Path(named)
