"""The choice of cell key noise in `disclosure.yml`: off as shipped, and never half."""

from __future__ import annotations

import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.cell_key_policy import LINKED, noise
from assets.methods.disclosure_policy import load_policy
from assets.methods.errors import PipelineError


def _policy(**chosen: object):
    return load_policy({**load_catalogue().disclosure, "cell_key": chosen})


def test_no_table_has_noise_as_shipped() -> None:
    shipped = load_policy(load_catalogue().disclosure)
    assert not shipped.cell_key.active
    without = {key: value for key, value in load_catalogue().disclosure.items() if key != "cell_key"}
    assert load_policy(without).cell_key == shipped.cell_key


def test_the_shipped_numbers_can_be_switched_on() -> None:
    shipped = dict(load_catalogue().disclosure["cell_key"]) | {"tables": list(LINKED)}
    assert noise(_policy(**shipped).cell_key)["noise"].abs().max() == shipped["max_noise"]


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"tables": ["index_results"]}, "tables saknar accumulated_results"),
        ({"tables": ["trends"]}, "tabellen trends kan inte få brus"),
        ({"tables": [*LINKED, "index_results"]}, "flera gånger"),
        ({"tables": LINKED, "max_noise": 10}, "max_noise ska vara mindre än group_floor"),
        ({"tables": LINKED, "never": [1, 2, 3, 4, 5, 6]}, "både uppåt och nedåt"),
        ({"variance": 99.0}, "större än max_noise"),
        ({"variance": 0.2}, "för litet"),
        ({"tabeller": []}, "okänd nyckel"),
    ],
)
def test_rules_that_contradict_each_other_stop_with_a_sentence(chosen: dict[str, object], told: str) -> None:
    with pytest.raises(PipelineError, match=told) as stopped:
        _policy(**chosen)
    assert stopped.value.code == "bad_policy"


def test_one_edition_alone_cannot_have_noise() -> None:
    content = load_catalogue().disclosure
    editions = {**content["editions"], "publik": {**content["editions"]["publik"], "cell_key": True}}
    with pytest.raises(PipelineError, match="okänd regel cell_key"):
        load_policy({**content, "editions": editions})
