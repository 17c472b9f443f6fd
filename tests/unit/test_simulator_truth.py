"""The truth behind the answers and the shares it promises."""

import numpy as np
import pytest

from assets.catalogue.load import load_catalogue
from assets.demo import pcm
from assets.demo.answers import build_model
from assets.demo.parameters import load_parameters
from assets.demo.truth import COMPOSITE, TruthModel

REFERENCE_SHARE = {"risk": 0.10, "protective": 0.15}


@pytest.fixture(scope="module")
def model():
    return TruthModel(load_catalogue().index_file, load_parameters())


@pytest.fixture(scope="module")
def traits():
    """Traits of a large population without fixed effects."""
    parameters = load_parameters()
    noise = np.random.default_rng(3).standard_normal((40_000, 7)) @ parameters.correlation_root().T
    return parameters.trait_array("mean") + noise * parameters.trait_array("sd")


def test_draws_follow_the_published_model():
    rng = np.random.default_rng(1)
    thresholds = ((-0.4878, 0.7679, 1.2927), (0.1221, -0.5071, -0.2216), (0.4095,), (-1.1216, -0.3554, 0.7823, 1.0954))
    for theta in (-1.5, 0.0, 1.2):
        drawn = pcm.draw(rng, np.full((60_000, 4), theta), thresholds)
        for column, item in enumerate(thresholds):
            weights = np.exp([k * theta - sum(item[:k]) for k in range(len(item) + 1)])
            shares = np.bincount(drawn[:, column], minlength=len(item) + 1) / len(drawn)
            assert shares == pytest.approx(weights / weights.sum(), abs=0.01)


def test_the_focus_band_holds_the_reference_share(model, traits):
    """The published cut-offs are percentiles of real pupils: the simulated county lies near them."""
    shares = model.focus_shares(traits).mean(axis=0)
    for index, share in zip(load_catalogue().indices, shares, strict=True):
        assert share == pytest.approx(REFERENCE_SHARE[index.kind], abs=0.035), index.key


def test_expected_shares_are_those_of_drawn_raw_sums(model, traits):
    catalogue, parameters = load_catalogue(), load_parameters()
    answers = build_model(catalogue.survey, catalogue.index_file, parameters)
    scores = pcm.draw(np.random.default_rng(5), traits[:, answers.trait], answers.thresholds)
    expected = model.focus_shares(traits).mean(axis=0)
    for column, index in enumerate(catalogue.indices):
        raw = sum(scores[:, answers.index_items.index(i.item)].astype(int) for i in index.items)
        drawn = (raw >= parameters.focus_raw[index.key]).mean()
        assert drawn == pytest.approx(expected[column], abs=0.005), index.key


def test_traits_point_the_way_of_the_reports(model, traits):
    reported, parameters = model.traits(traits), load_parameters()
    for column, index in enumerate(load_catalogue().indices):
        own = traits[:, parameters.trait_keys.index(index.key)]
        sign = -1 if index.kind == "protective" else 1
        if index.key == COMPOSITE:
            assert np.corrcoef(own * sign, reported[:, column])[0, 1] > 0.6
        else:
            assert np.array_equal(own * sign, reported[:, column])


def test_wellbeing_is_where_its_own_model_expects_the_same_raw_sum(model, traits):
    catalogue, parameters = load_catalogue(), load_parameters()
    index = catalogue.index(COMPOSITE)
    some = traits[:200]
    expected = np.zeros(200)
    for part in index.items:
        owner = parameters.shared_items.get(part.item, COMPOSITE)
        thresholds = next(i.thresholds for i in catalogue.index(owner).items if i.item == part.item)
        expected += pcm.expected_score(some[:, parameters.trait_keys.index(owner)], thresholds)
    truth = -model.traits(some)[:, model.keys.index(COMPOSITE)]
    own = sum(pcm.expected_score(truth, part.thresholds) for part in index.items)
    assert own == pytest.approx(expected, abs=1e-3)


def test_cells_are_means_of_their_pupils(small_deliveries):
    truth = small_deliveries.truth
    rows = truth.respondents.filter((truth.respondents["municipality_code"] == "0136") & (truth.respondents["wave"] == 2024))
    girls = rows.filter((rows["grade"] == "ak9") & (rows["sex"] == "girl"))
    cells = {
        r["index_key"]: r
        for r in truth.cells.filter(
            (truth.cells["area_code"] == "0136")
            & (truth.cells["wave"] == 2024)
            & (truth.cells["grade"] == "ak9")
            & (truth.cells["sex"] == "girl")
        ).iter_rows(named=True)
    }
    assert set(cells) == set(load_catalogue().index_file.keys)
    for key, cell in cells.items():
        assert cell["n_respondents"] == girls.height > 5
        assert cell["n_enrolled"] >= cell["n_respondents"]
        assert cell["mean_respondents"] == pytest.approx(girls[f"theta_{key}"].mean(), abs=1e-5)
        assert 0 < cell["share_focus_enrolled"] < 1
    everyone = truth.cells.filter((truth.cells["area_level"] == "municipality") & (truth.cells["index_key"] == "community"))
    county = truth.cells.filter((truth.cells["area_level"] == "county") & (truth.cells["index_key"] == "community"))
    assert everyone["n_enrolled"].sum() == county["n_enrolled"].sum()
    assert set(truth.cells["sex"]) == {"all", "boy", "girl"}
    assert truth.cells.filter(truth.cells["area_level"] == "district")["area_code"].n_unique() > 5


def test_superpopulation_means_are_those_of_many_pupils(model):
    parameters = load_parameters()
    fixed = np.tile(parameters.trait_array("mean") + 0.2, (3, 1))
    noise = np.random.default_rng(9).standard_normal((50_000, 7)) @ parameters.correlation_root().T
    simulated = model.traits(fixed[0] + noise * parameters.trait_array("sd")).mean(axis=0)
    assert model.superpopulation(fixed, parameters)[1] == pytest.approx(simulated, abs=0.03)
