"""The forms there are: each is built from its own part of the catalogue, and imported only when a form is wanted."""

from __future__ import annotations

from collections.abc import Mapping

from assets.forms.types import FormDefinition, FormKind


def form_definitions() -> Mapping[FormKind, FormDefinition]:
    """Kind -> its form, in the order in which they are used."""
    from assets.forms.activities_form import activities_form
    from assets.forms.decisions_form import decisions_form
    from assets.forms.readiness_form import readiness_form

    return {"activities": activities_form(), "readiness": readiness_form(), "decisions": decisions_form()}
