"""A picture is the same bytes whatever has been drawn before it in the process."""

from __future__ import annotations

from assets.charts.svg import clean_svg


def drawn(first: int) -> str:
    """What Vega gives when its counter stands at a number."""
    clips = "".join(f'<clipPath id="clip{n}"/><g clip-path="url(#clip{n})"/>' for n in (first, first + 1))
    return f'<svg viewBox="0 0 1 1">{clips}<g id="clip-art"/></svg>'


def test_clips_are_counted_within_the_picture():
    pictures = {clean_svg(drawn(first), "tratt-1", "Titel", "Text") for first in (1, 7, 99)}
    assert len(pictures) == 1
    (picture,) = pictures
    assert picture.count('"tratt-1-clip1"') == picture.count("url(#tratt-1-clip1)") == 1
    assert picture.count('"tratt-1-clip2"') == picture.count("url(#tratt-1-clip2)") == 1
    assert 'id="tratt-1-clip-art"' in picture
