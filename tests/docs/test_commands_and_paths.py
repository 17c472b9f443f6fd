"""What the documents tell people to write can be written, and the files that they name are there."""

import argparse
import contextlib
import io
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import start
from pipelines import cli

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *(path for path in sorted(ROOT.glob("*.md")) if path.name != "CHANGELOG.md"),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "benchmarks" / "README.md",
]
"""All but the change log, which tells of commands and files as they were."""
OURS = re.compile(r"^(did|make|python3 start\.py|py start\.py) +(\S.*)$")
MODULE = re.compile(r"^(?:python3?|\S*/python) -m ((?:assets|benchmarks|docs|expectations|pipelines|tests)[\w.]*)")
PLACE = re.compile(r"(?<![\w/.<-])(?:assets|pipelines|expectations|tests|docs|benchmarks)/[\w./*<>-]+")
OF_THE_USER = {"drift.yml", "export.py"}
"""Named in the documents as something that the reader writes."""


def code(path: Path) -> tuple[list[str], list[str]]:
    """(lines of code blocks, code within sentences) of a document."""
    lines, spans = [], []
    for token in MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8")):
        if token.type in {"fence", "code_block"}:
            lines += [line.strip() for line in token.content.splitlines()]
        spans += [child.content for child in token.children or () if child.type == "code_inline"]
    return lines, spans


ALL_CODE = {path: code(path) for path in DOCUMENTS}
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]


def words_of(program: str, rest: str) -> list[str]:
    """The words that reach the command line: make's ARGS taken apart."""
    words = shlex.split(rest, comments=True)
    if program == "make":
        given = [word.removeprefix("ARGS=") for word in words if word.startswith("ARGS=")]
        words = [word for word in words if not word.startswith("ARGS=")] + shlex.split(" ".join(given))
    return words


def complaint(words: list[str]) -> str:
    """What the command line says against the words; empty when it takes them."""
    if words[0] in start.COMMANDS and words[0] not in SUBPARSERS:
        return ""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            PARSER.parse_args(words)
        except SystemExit as end:
            return "" if end.code == 0 else said.getvalue().strip() or "avslutades"
    return ""


PARSER = cli.parser()
SUBPARSERS: dict[str, argparse.ArgumentParser] = next(a.choices for a in PARSER._actions if a.dest == "command")


def only_names(words: list[str]) -> bool:
    """A command, or a command and options, named in a sentence without what belongs to them."""
    return all(word.startswith("--") for word in words[1:])


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_command_can_be_written_as_it_stands(path):
    lines, spans = ALL_CODE[path]
    for line in lines:
        if ours := OURS.match(line):
            assert not complaint(words_of(ours[1], ours[2])), line
    for span in spans:
        if not (ours := OURS.match(span)) or "<" in span:
            continue
        words = words_of(ours[1], ours[2])
        if only_names(words):
            assert words[0] in start.COMMANDS, span
            if words[0] in SUBPARSERS:
                assert set(words[1:]) <= set(SUBPARSERS[words[0]]._option_string_actions), span
        else:
            assert not complaint(words), span


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_file_that_is_named_is_there(path):
    for span in ALL_CODE[path][1]:
        for named in PLACE.findall(span):
            pattern = re.sub(r"<[^>]*>", "*", named.rstrip("."))
            pattern += "*" if re.fullmatch(r"docs/adr/\d{4}", pattern) else ""
            assert any(ROOT.glob(pattern.rstrip("/"))), named


def test_every_module_and_short_file_name_is_there():
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = {Path(line).name for line in tracked.stdout.splitlines()}
    for path, (lines, spans) in ALL_CODE.items():
        for text in (*lines, *spans):
            if module := MODULE.match(text):
                place = ROOT / module[1].replace(".", "/")
                assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file(), f"{path.name}: {text}"
        for span in spans:
            if re.fullmatch(r"\w+\.(?:py|yml|typ|css)", span) and span not in OF_THE_USER:
                assert span in names, f"{path.name}: {span}"


def test_wrong_commands_are_found():
    """The tests above can fail."""
    assert complaint(words_of("did", "kor --utgava halv"))
    assert complaint(words_of("did", "korr"))
    assert complaint(words_of("make", 'kor ARGS="--finns-inte"'))
    assert not complaint(words_of("make", 'kor ARGS="--utgava intern"'))
    assert not complaint(words_of("python3 start.py", "ui --port 3334  # en annan port"))
