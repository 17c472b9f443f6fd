"""What the code may not do with anything from outside, found in its syntax; each exception has its reason here."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(
    [ROOT / "start.py", *(p for folder in ("assets", "pipelines", "expectations") for p in (ROOT / folder).rglob("*.py"))]
)
Rule = Callable[[ast.AST], str]
NEVER_IMPORTED = {
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal",
    "xmlrpc", "telnetlib", "ftplib", "tarfile", "xml.dom", "xml.etree.cElementTree", "lxml", "pty",
}  # fmt: skip
"""Modules that build objects from bytes, unpack archives without limits, or read XML with entities."""
NEVER_CALLED = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "system",
    "popen",
    "extractall",
    "unpack_archive",
    "mktemp",
}
LOADERS = {"SafeLoader", "CSafeLoader", "BaseLoader", "FastLoader", "UniqueKeys"}
"""YAML loaders that make plain data only; the last two are the catalogue's own and build on the first."""
XML_READERS = {
    "assets/file_scan/read_office.py": "refuses entities, document types and other encodings before the parser sees the part",
}
XML_TYPES = {"Element", "ParseError", "escape", "quoteattr"}
"""Names of `xml` that read nothing."""
ARCHIVE_READERS = {
    "assets/bundle/inputs.py": "our own bundle, its names and hashes compared",
    "assets/bundle/slides_package.py": "bytes that python-pptx has just made",
    "assets/bundle/workbook.py": "bytes that xlsxwriter has just made",
    "assets/bundle/writer.py": "writes only",
    "assets/bundle/docx_file.py": "writes only",
    "assets/file_scan/archives.py": "entries, sizes and ratio held to limits before a byte is unpacked",
    "assets/forms/files.py": "only what check_workbook has let through",
    "assets/hygiene/traces.py": "a stream with a limit on the sum, nothing is written",
    "assets/intake/workbook.py": "unpacks in pieces and counts them, whatever the directory says",
    "pipelines/backup.py": "writes, and reads back its own",
    "pipelines/backup_format.py": "names and sizes checked, a stream that may not exceed its size",
}
PROGRAMS = {
    "assets/intake/isolated.py": "our own parser worker, a path as one argument",
    "pipelines/packages.py": "uv and a pinned name",
    "pipelines/ui.py": "Dagster, taskkill",
    "start.py": "the environment's own programs",
}


TOLD = (ast.Call, ast.Import, ast.ImportFrom)
WORDS = re.compile(
    "|".join(
        [*NEVER_CALLED, *(name.rsplit(".", 1)[-1] for name in NEVER_IMPORTED), "shell", "yaml", "xml", "ZipFile", "subprocess"]
    )
    + "|Environment"
)
"""One of these stands in every file that a rule could say anything of; the others needn't be parsed."""
NODES = {
    path.relative_to(ROOT).as_posix(): [node for node in ast.walk(ast.parse(text)) if isinstance(node, TOLD)]
    for path in CODE
    if WORDS.search(text := path.read_text(encoding="utf-8"))
}


def found(rule: Rule) -> dict[str, list[str]]:
    """File -> what the rule says of its nodes."""
    said = {name: sorted({text for node in nodes if (text := rule(node))}) for name, nodes in NODES.items()}
    return {name: texts for name, texts in said.items() if texts}


def imported(node: ast.AST) -> Iterator[str]:
    """Full names that an import statement brings."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def called(node: ast.AST) -> str:
    """Last name of what is called."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""


def forbidden_import(node: ast.AST) -> str:
    return next((name for name in imported(node) if any(name == one or name.startswith(one + ".") for one in NEVER_IMPORTED)), "")


def forbidden_call(node: ast.AST) -> str:
    name = called(node)
    method = name in ("compile", "eval") and isinstance(node.func, ast.Attribute)  # re.compile, Typst's own, lists in polars
    return name if name in NEVER_CALLED and not method else ""


def shell(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return (
        "shell"
        if any(k.arg == "shell" and not (isinstance(k.value, ast.Constant) and k.value.value is False) for k in node.keywords)
        else ""
    )


def unsafe_yaml(node: ast.AST) -> str:
    """A call of yaml that could build objects; the loader has to be named in the call."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)):
        return ""
    if node.func.value.id != "yaml" or node.func.attr in ("safe_load", "safe_dump"):
        return ""
    if node.func.attr not in ("load", "load_all", "parse", "unsafe_load", "full_load", "dump"):
        return ""
    words = " ".join(ast.unparse(k.value) for k in node.keywords if k.arg == "Loader")
    named = set(re.findall(r"\w*Loader|UniqueKeys", words))
    return "" if named and named <= LOADERS else ast.unparse(node)[:60]


def xml_reader(node: ast.AST) -> str:
    return next((n for n in imported(node) if n.startswith("xml.") and n.rsplit(".", 1)[1] not in XML_TYPES), "")


def archive_reader(node: ast.AST) -> str:
    return called(node) if called(node) == "ZipFile" else ""


def program(node: ast.AST) -> str:
    return next((n for n in imported(node) if n.split(".")[0] == "subprocess"), "")


def not_escaped(node: ast.AST) -> str:
    """A Jinja environment that doesn't escape."""
    if called(node) != "Environment":
        return ""
    return "" if any(k.arg == "autoescape" and ast.unparse(k.value) == "True" for k in node.keywords) else "Environment"


@pytest.mark.parametrize(
    "rule", [forbidden_import, forbidden_call, shell, unsafe_yaml, not_escaped], ids=lambda rule: rule.__name__
)
def test_nothing_from_outside_becomes_code_or_objects(rule):
    assert found(rule) == {}


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [(xml_reader, XML_READERS), (archive_reader, ARCHIVE_READERS), (program, PROGRAMS)],
    ids=["xml", "archives", "programs"],
)
def test_readers_with_limits_of_their_own_are_few_and_named(rule, allowed):
    """A new reader of archives or XML, or a new program that is started, needs limits and a line here; an old line goes."""
    assert set(found(rule)) == set(allowed)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (forbidden_import, "import pickle"), (forbidden_import, "from lxml import etree"), (forbidden_import, "import tarfile"),
        (forbidden_call, "eval('1')"), (forbidden_call, "os.system(name)"), (forbidden_call, "packed.extractall(folder)"),
        (forbidden_call, "compile(text, '', 'exec')"), (shell, "run(words, shell=True)"), (shell, "run(words, shell=how)"),
        (unsafe_yaml, "yaml.load(text)"), (unsafe_yaml, "yaml.load(t, Loader=yaml.Loader)"), (unsafe_yaml, "yaml.unsafe_load(t)"),
        (unsafe_yaml, "yaml.load(text, Loader=yaml.FullLoader)"), (not_escaped, "Environment(loader=x)"),
        (not_escaped, "Environment(autoescape=False)"), (xml_reader, "from xml.etree import ElementTree"),
        (archive_reader, "zipfile.ZipFile(path)"), (program, "import subprocess"),
    ],
)  # fmt: skip
def test_the_rules_find_what_they_are_for(rule, text):
    assert any(rule(node) for node in ast.walk(ast.parse(text)))


@pytest.mark.parametrize("text", ["re.compile('a')", "yaml.load(t, Loader=UniqueKeys)", "run(words)", "yaml.safe_load(t)"])
def test_the_rules_let_through_what_is_fine(text):
    rules = (forbidden_import, forbidden_call, shell, unsafe_yaml, not_escaped, program)
    assert not [rule for rule in rules for node in ast.walk(ast.parse(text)) if rule(node)]


def test_no_template_switches_escaping_off():
    templates = [path for path in (ROOT / "assets").rglob("templates/*") if path.suffix in (".html", ".css", ".js")]
    assert len(templates) > 20
    wrong = re.compile(
        r"\|\s*safe\b|autoescape|\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function"
    )
    assert [path.name for path in templates if wrong.search(path.read_text(encoding="utf-8"))] == []
