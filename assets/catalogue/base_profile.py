"""The base profile's id, and how another or another set of limits is chosen.

Imports nothing: the command line starts before any package is installed.
"""

BASE_PROFILE = "stockholm"
"""The profile that lies in `assets/catalogue/` itself."""
PROFILE_VARIABLE = "DID_PROFILE"
"""Environment variable with the id of the profile that a process works with."""
CUTOFF_VARIABLE = "DID_CUTOFFS"
"""Environment variable with the id of the set of limits that a process works with (`cutoffs.yml`); its default when empty."""
