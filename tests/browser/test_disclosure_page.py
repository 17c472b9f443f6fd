"""The steward's disclosure report in a browser: accessible, and never wider than the screen."""

from __future__ import annotations

import pytest

from assets.bundle.disclosure_report import PAGE, disclosure_page
from tests.support.axe import violations
from tests.support.disclosed_sample import WAVE, disclosed_sample
from tests.support.sample_bundle import sample_report_meta


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("roj") / PAGE
    path.write_text(disclosure_page(disclosed_sample(), sample_report_meta(), WAVE), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_is_accessible_and_fits(report, visitor, width):
    visit = visitor.open(report, width=width)
    assert violations(visit.page) == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.complaints == []
    assert visit.requests == [report.as_uri()]
