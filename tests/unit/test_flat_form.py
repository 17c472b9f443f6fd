"""The forms of the jobs that a steward starts: one level, every field with a default, municipalities by name."""

from __future__ import annotations

import pytest

from assets.methods.errors import PipelineError
from assets.typed_areas import area_codes
from pipelines.definitions import build_definitions

STARTED = (
    *("everything", "ingest", "forhandsgranska", "godkann", "publicera", "verifiera", "visa_rojande", "visa_utgivningar"),
    *("hamta_register", "propose_codebook"),
)


@pytest.mark.parametrize("name", STARTED)
def test_a_steward_fills_in_one_level_of_fields_that_are_all_there_from_the_start(name):
    schema = build_definitions().get_repository_def().get_job(name).run_config_schema.config_type
    assert schema.fields
    for field, asked in schema.fields.items():
        assert not getattr(asked.config_type, "fields", None), f"{field} is a group of fields"
        assert asked.default_provided, f"{field} isn't there when the Launchpad opens"
        assert "Any" not in str(asked.config_type.given_name), f"{field} takes anything"


@pytest.mark.parametrize("name", ["visa_nyckel", "ta_emot_godkannanden", "kolla_farskhet"])
def test_a_job_without_fields_shows_no_settings_of_the_installation(name):
    assert not build_definitions().get_repository_def().get_job(name).run_config_schema.config_type.fields


def test_a_municipality_is_chosen_by_its_name_or_its_code():
    assert area_codes(["Upplands Väsby", " botkyrka", "0127", "", "stockholm"]) == ("0114", "0127", "0180")
    assert area_codes(["stockholms län"], county=True) == ("01",)
    for wrong in (["Göteborg"], ["stockholms län"], ["0"]):
        with pytest.raises(PipelineError, match="Skriv namnet, till exempel Upplands Väsby"):
            area_codes(wrong)
