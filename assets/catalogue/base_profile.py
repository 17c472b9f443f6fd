"""The base profile's id, and how another or another set of limits is chosen.

Imports nothing: the command line starts before any package is installed.
"""

BASE_PROFILE = "stockholm"
"""The profile that lies in `assets/catalogue/` itself."""
TRAINING_VARIABLE = "DID_TRAINING"
"""Environment variable that, when set, puts the invented county of `training/` in place of the base's areas (docs/adr/0040)."""
PROFILE_VARIABLE = "DID_PROFILE"
"""Environment variable with the id of the profile that a process works with."""
CUTOFF_VARIABLE = "DID_CUTOFFS"
"""Environment variable with the id of the set of limits that a process works with (`cutoffs.yml`); its default when empty."""
