"""What the reader may choose among: published numbers only, words where there is none, JSON that can't leave its element."""

from __future__ import annotations

import json

from assets.bundle.explore import choices, specification
from assets.bundle.html import script_json
from assets.bundle.words import Context
from tests.support.sample_bundle import hide, sample_bundle_frames, sample_report_meta, without_waves

META = sample_report_meta()


def test_every_number_is_a_released_one():
    frames, scope = sample_bundle_frames()
    found = choices(Context(frames, scope, META))
    places = {"own": scope.area_code, "county": "01"}
    assert len(found["values"]) == 7 * 2 * 3 * 2
    shown = 0
    for name, points in found["values"].items():
        key, grade, sex, place = name.split(".")
        assert len(points) == len(found["waves"][grade])
        for wave, (value, low, high, _, words) in zip(found["waves"][grade], points, strict=True):
            rows = frames.index_results.filter(
                area_code=places[place], wave=wave, grade=grade, sex=sex, index_key=key,
                measure=META.charts.indices[key].focus_measure,
            )  # fmt: skip
            released = rows.select("value", "low", "high").row(0) if rows.height else (None, None, None)
            assert (value, low, high) == released, name
            assert words
            assert value is not None or not any(character.isdigit() for character in words), words
            shown += value is not None
    assert shown > 100


def test_hidden_values_are_words_and_no_value_at_all_gives_no_choice():
    frames, scope = sample_bundle_frames()
    assert choices(Context(hide(frames, scope.area_code, "suppressed"), scope, META)) is None
    one = choices(Context(hide(frames, scope.area_code, "suppressed", grade="gy2"), scope, META))
    assert list(one["grades"]) == ["ak9"]


def test_a_hidden_wave_keeps_its_reason_and_cuts_the_line():
    frames, scope = sample_bundle_frames()
    found = choices(Context(without_waves(frames, scope.area_code, 2022), scope, META))
    at = found["waves"]["ak9"].index(2022)
    whole = choices(Context(frames, scope, META))
    joined = [[point[3] for point in one["values"]["wellbeing.ak9.girl.own"]] for one in (whole, found)]
    assert joined == [[False, True, True, False, True], [False, True, True, False, False]], "2022 is after a major break"
    assert found["values"]["wellbeing.ak9.girl.own"][at][:3] == [None, None, None]
    assert found["values"]["wellbeing.ak9.girl.own"][at][4] == "skyddat av sekretesskäl [c]"


def test_the_specification_is_valid_vega_lite_and_holds_no_data():
    import altair as alt

    spec = specification()
    assert spec["datasets"] == {"points": [], "breaks": []}
    alt.Chart.from_dict(spec)


def test_json_in_a_page_cannot_end_its_element():
    text = str(script_json({"name": "</script><!-- & é"}))
    assert "<" not in text
    assert ">" not in text
    assert json.loads(text) == {"name": "</script><!-- & é"}
