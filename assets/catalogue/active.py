"""What the active profile says, as constants: a process works with one profile from its start (docs/adr/0013-profiles.md)."""

from __future__ import annotations

from assets.catalogue.load import load_catalogue

PROFILE = load_catalogue().profile
COUNTY_CODE = PROFILE.county.code if PROFILE.county else ""
"""The area that holds all others; `""` in a profile without one, which is no area's code."""
COUNTY_NAME = PROFILE.county.name if PROFILE.county else ""
MEASUREMENT_MODEL = load_catalogue().index_file.model == "pcm"
"""Whether the indices are scored with item parameters, so that their measurement can be tried."""
GRADES = PROFILE.grade_keys
ENROLLED_GRADE = next((g.key for g in PROFILE.grades if g.pupils), "")
"""The grade whose number of pupils a register tells, `""` when none does."""
