"""The code location of the profile `lupp`."""

from pipelines.profile_location import choose

choose("lupp")

from pipelines.definitions import defs  # noqa: E402 - the profile has to be chosen before anything reads it

__all__ = ["defs"]
