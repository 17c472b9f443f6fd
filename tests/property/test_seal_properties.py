"""Changing one byte anywhere is reported; approvals count for exactly one manifest."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assets.methods.errors import PipelineError
from assets.methods.person_names import name_key, same_person
from assets.sealing.approval_file import read_approval
from assets.sealing.approvals import State, standing
from assets.sealing.archive import read_archive
from assets.sealing.verify import Known, verify_archive, verify_files
from tests.support.sealed_bundle import AUTHOR, FOLDER, PUBLIC, approval_text, decision, sealed, tiny

MINE = Known(keys=(PUBLIC,))
WORDS = st.lists(st.text("abcåäöéxyzAÅÉ", min_size=2, max_size=5), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The tiny bundle."""
    return tiny(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def archive(bundle):
    """The same, sealed."""
    return sealed(bundle)


def test_every_byte_of_the_archive_counts(archive):
    assert verify_archive(archive, MINE).outcome == "unchanged"
    for place in range(len(archive)):
        flipped = bytearray(archive)
        flipped[place] ^= 1 << (place % 8)
        assert verify_archive(bytes(flipped), MINE).outcome == "changed", place


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_byte_of_every_file_of_an_unpacked_bundle_counts(archive, data):
    files = {entry.name.removeprefix(f"{FOLDER}/"): entry.content for entry in read_archive(archive)}
    name = data.draw(st.sampled_from(sorted(files)))
    content = bytearray(files[name])
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    assert verify_files(files | {name: bytes(content)}, MINE).outcome == "changed", name


@settings(max_examples=25, deadline=None)
@given(noise=st.binary(max_size=200), place=st.integers(0, 5000))
def test_no_bytes_make_the_check_fall_over(archive, noise, place):
    verify_archive(noise)
    changed = archive[:place] + noise + archive[place:]
    assert verify_archive(changed, MINE).outcome == ("changed" if noise else "unchanged")


@settings(max_examples=25)
@given(words=WORDS, spaces=st.sampled_from([" ", "  ", "\u00a0", "-", ", "]))
@example(words=["Åsa", "Ek"], spaces="  ")
def test_a_name_is_the_same_however_it_is_spelled(words, spaces):
    import unicodedata

    written = " ".join(words)
    for other in (written.upper(), spaces.join(words), " ".join(reversed(words)), unicodedata.normalize("NFD", written)):
        assert same_person(written, other)
    assert same_person(written, f"Q. {written} qq"), "may be the same person's"
    assert not same_person(f"{written} qq", f"{written} pp")


@settings(max_examples=25)
@given(names=st.lists(st.sampled_from([AUTHOR, AUTHOR.upper(), "Åsa Ek", "asa ek", "Bo Alm"]), max_size=5), refuses=st.booleans())
def test_two_different_persons_the_second_not_the_author_or_no_approval(names, refuses):
    kept = [decision(b"m", name) for name in names] + ([decision(b"m", "Cy Dee", "avslås")] if refuses else [])
    found = standing(b"m", AUTHOR, kept)
    if found.state is State.APPROVED:
        one, two = found.approvals
        assert not same_person(one.namn, two.namn)
        assert not same_person(two.namn, AUTHOR)
        assert not refuses
    else:
        others = {name_key(name) for name in names} - {name_key(AUTHOR)}
        assert refuses or len(others) < 2
    assert standing(b"m2", AUTHOR, kept).state is State.WAITING_TWO


@settings(max_examples=25, deadline=None)
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda t: t.encode("utf-8", "ignore"))))
@example(content=b"&a [*a]")
@example(content=b"{" * 5000)
@example(content=b"[" * 5000)
def test_any_approval_file_is_an_approval_or_one_sentence(content):
    with pytest.raises(PipelineError) as told:
        read_approval(content, "fil.yml", date(2026, 11, 22))
    assert "fil.yml" in str(told.value)


@settings(max_examples=25, deadline=None)
@given(
    reason=st.text(st.characters(codec="utf-8", categories=("L", "N", "Zs")), min_size=1, max_size=40).map(
        lambda t: f"abc {t} abc"
    )
)
def test_a_reason_is_kept_as_written(bundle, reason):
    text = approval_text(bundle, "Åsa Ek", skal=f"'{reason}'")
    assert read_approval(text.encode(), "f.yml", date(2026, 11, 22)).skal == reason
