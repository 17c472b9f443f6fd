"""The form of a job that a steward starts: one level of fields, each with a Swedish text and a default that works.

Dagster asks for `ops:`, the step's name and `config:` before the first field; a person who doesn't program neither knows the
step's name nor sees that two spaces mean something.
"""

import dagster as dg

from assets.texts import shown_as


@shown_as("inga_falt")
class NoFields(dg.Config):
    """Nothing to fill in."""


@dg.config_mapping
def no_fields(_val: NoFields) -> dg.RunConfig:
    """The form of a job without fields; without it a Launchpad opens with the settings of the installation to change."""
    return dg.RunConfig()


def flat_form(form: type[dg.Config], step: str) -> dg.ConfigMapping:
    """The fields of a job's only step that has any, as the job's own.

    Args:
        form: the fields; each has a default, so that the Launchpad shows all of them.
        step: name of the op (of an asset: its key with `__` between the parts).
    """

    def fields(val: dg.Config) -> dg.RunConfig:
        return dg.RunConfig(ops={step: val})

    fields.__annotations__["val"] = form  # what Dagster reads the fields from
    return dg.config_mapping(fields)
