"""start.py: what it decides, what it says, and that it needs nothing but an old Python to say it."""

import ast
import errno
import sys
from pathlib import Path

import pytest

import start

ROOT = Path(__file__).resolve().parents[2]
LOCK = (
    "# header\nalpha==1.0 \\\n    --hash=sha256:aa\nuv==0.13.9 ; python_version < '4' \\\n    --hash=sha256:bb \\\n"
    "    --hash=sha256:cc\nuvicorn==2.0 \\\n    --hash=sha256:dd\n"
)


class FakeTool:
    """Stands in for start.tool: remembers the commands, and fails those that hold one of the given words."""

    def __init__(self, failing=(), output=""):
        self.commands, self.failing, self.output = [], failing, output

    def __call__(self, arguments, stdin=""):
        command = " ".join(str(argument) for argument in arguments)
        self.commands.append(command)
        failed = any(word in command for word in self.failing)
        return not failed, self.output if failed else ""


@pytest.fixture
def sandbox(tmp_path, monkeypatch):
    """start.py as if the project lay in an empty folder with a small lock."""
    monkeypatch.setattr(start, "ROOT", tmp_path)
    monkeypatch.setattr(start, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(start, "LOCK", tmp_path / "requirements.lock")
    (tmp_path / "requirements.lock").write_text(LOCK, encoding="utf-8")
    return tmp_path


def installed(folder):
    """Make the sandbox look like a finished installation."""
    python = start.venv_program("python")
    python.parent.mkdir(parents=True)
    python.touch()
    (folder / ".venv" / ".stamp").write_text(start.stamp_text((folder / "requirements.lock").read_bytes()), encoding="ascii")


def test_only_the_standard_library_and_syntax_an_old_python_can_read():
    tree = ast.parse((ROOT / "start.py").read_text(encoding="utf-8"), feature_version=(3, 7))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


COMMANDS = ("cli", "cli_care", "cli_chain", "cli_publish", "cli_settings", "doctor", "status")
BEFORE_INSTALLATION = [
    *(f"pipelines.{name}" for name in ("__init__", *COMMANDS)),
    *(f"pipelines.{name}" for name in ("console", "full_disk", "homes", "hygiene_arguments", "paths", "samples")),
    *(f"assets.{name}" for name in ("__init__", "catalogue.__init__", "catalogue.base_profile", "write_faults")),
    *(f"assets.hygiene.{name}" for name in ("__init__", "permissions")),
    *(f"assets.methods.{name}" for name in ("__init__", "errors")),
]


@pytest.mark.parametrize("module", BEFORE_INSTALLATION)
def test_doctor_can_run_before_anything_is_installed(module):
    """Module-level imports of what `did doctor` loads: the standard library and each other."""
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    modules = [alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert {name for name in modules if name.split(".")[0] not in sys.stdlib_module_names} <= set(BEFORE_INSTALLATION)


def test_an_old_python_is_told_what_to_install():
    with pytest.raises(start.StartError, match=r"Python 3\.9\.2 är för gammal: det behövs 3\.11"):
        start.check_python((3, 9, 2))
    start.check_python((3, 11, 0))
    start.check_python((4, 0, 0))


def test_missing_ensurepip_names_debians_package(monkeypatch):
    monkeypatch.setattr(start.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(start.StartError, match="apt install python3-venv"):
        start.check_venv_module()


def test_too_little_disk_is_said_in_gigabytes():
    with pytest.raises(start.StartError, match="1,2 GB ledigt"):
        start.check_disk(1_200_000_000)
    start.check_disk(start.DISK_NEEDED)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "Disken är full"),
        ("error: Failed to fetch\n  dns error: failed to lookup address information", "kontrollera nätet"),
        ("ERROR: Could not find a version that satisfies the requirement uv==0.13.9 (from versions: none)", "kontrollera nätet"),
        ("invalid peer certificate: UnknownIssuer", "rotcertifikat"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "kontrollsumma"),
        ("Hash mismatch for `polars==2.1.0`", "kontrollsumma"),
        ("PermissionError: [Errno 13] Permission denied", "går inte att skriva i"),
        ("[WinError 206] The filename or extension is too long", "kort plats"),
    ],
)
def test_tool_output_becomes_plain_words(output, words):
    sentence = start.plain_words(output)
    assert words in sentence
    assert output not in sentence


def test_an_unknown_trouble_shows_the_last_lines():
    text = start.plain_words("\n".join(f"rad {number}" for number in range(40)))
    assert "rad 39" in text
    assert "rad 3\n" not in text


def test_programs_lie_elsewhere_on_windows():
    assert start.venv_program("python", windows=True).parts[-2:] == ("Scripts", "python.exe")
    assert start.venv_program("python", windows=False).parts[-2:] == ("bin", "python")


def test_lock_entry_is_one_package_with_its_hashes():
    assert start.lock_entry("uv", LOCK).count("--hash") == 2
    assert "uvicorn" not in start.lock_entry("uv", LOCK)
    assert start.lock_entry("uvicorn", LOCK).endswith("sha256:dd\n")
    assert start.lock_entry("absent", LOCK) == ""


def test_ready_only_while_lock_and_stamp_agree(sandbox):
    assert not start.is_ready()
    installed(sandbox)
    assert start.is_ready()
    (sandbox / "requirements.lock").write_text(LOCK + "beta==1 \\\n    --hash=sha256:ee\n", encoding="utf-8")
    assert not start.is_ready()


def test_another_python_makes_the_stamp_old():
    assert start.stamp_text(b"x", (3, 11, 7)) == start.stamp_text(b"x", (3, 11, 9)) != start.stamp_text(b"x", (3, 12, 0))


def test_a_second_setup_runs_no_tool(sandbox, monkeypatch):
    installed(sandbox)
    tool = FakeTool()
    monkeypatch.setattr(start, "tool", tool)
    start.setup()
    assert tool.commands == []


def test_setup_installs_uv_from_the_lock_and_then_everything_compiled(sandbox, monkeypatch, capsys):
    (sandbox / ".venv").mkdir()
    tool = FakeTool()
    monkeypatch.setattr(start, "tool", tool)
    start.setup()
    made, pip, sync = tool.commands
    assert "-m venv --clear" in made
    assert "--require-hashes" in pip
    assert "bootstrap.txt" in pip
    assert "--require-hashes --compile-bytecode" in sync
    assert (sandbox / ".venv" / "bootstrap.txt").read_text(encoding="utf-8") == start.lock_entry("uv", LOCK)
    assert (sandbox / ".venv" / ".stamp").exists()
    assert "Klart" in capsys.readouterr().out


def test_pip_takes_over_where_uv_fails(sandbox, monkeypatch):
    (sandbox / ".venv").mkdir()
    tool = FakeTool(failing=("pip sync",))
    monkeypatch.setattr(start, "tool", tool)
    start.install()
    assert tool.commands[-1].endswith("requirements.lock")
    assert "--no-deps --require-hashes" in tool.commands[-1]


def test_no_stamp_when_nothing_works(sandbox, monkeypatch):
    installed(sandbox)
    (sandbox / "requirements.lock").write_text(LOCK.replace("alpha==1.0", "alpha==1.1"), encoding="utf-8")
    monkeypatch.setattr(start, "tool", FakeTool(failing=("pip install", "pip sync"), output="network is unreachable"))
    with pytest.raises(start.StartError, match="kontrollera nätet"):
        start.setup()
    assert not (sandbox / ".venv" / ".stamp").exists()


def test_a_healthy_environment_is_kept_when_the_lock_changes(sandbox, monkeypatch):
    installed(sandbox)
    tool = FakeTool()
    monkeypatch.setattr(start, "tool", tool)
    start.make_venv()
    assert not any("-m venv" in command for command in tool.commands)


def test_children_write_bytecode_find_the_project_and_phone_nobody():
    env = start.child_environment({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHOME": "x", "PATH": "p", "CI": "true"})
    assert "PYTHONDONTWRITEBYTECODE" not in env
    assert "PYTHONHOME" not in env
    assert env["PYTHONPATH"] == str(start.ROOT)
    assert env["GX_ANALYTICS_ENABLED"] == "false"
    assert env["DAGSTER_DISABLE_TELEMETRY"] == "1"
    assert env["CI"] == "true"
    assert env["PATH"].endswith("p")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["-m", "not browser"]),
        (["tests/unit", "-x"], ["tests/unit", "-x", "-m", "not browser"]),
        (["-m", "slow or golden", "-q"], ["-m", "(slow or golden) and not browser", "-q"]),
    ],
)
def test_browser_tests_are_left_out_beside_the_users_own_choice(arguments, expected):
    assert start.without_browser(arguments) == expected


def test_missing_chromium_fails_in_ci_and_is_said_elsewhere(monkeypatch, capsys):
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    with pytest.raises(start.StartError, match="I CI får de inte hoppas över"):
        start.chromium_ready(in_ci=True)
    assert start.chromium_ready(in_ci=False) is False
    assert "Chromium saknas" in capsys.readouterr().out


def test_root_on_debian_gets_chromium_installed(monkeypatch):
    present = {"apt-get"}
    commands = []

    def apt(arguments, stdin=""):
        commands.append(arguments)
        if "install" in arguments and len(commands) > 1:
            present.add("chromium")
        return "chromium" in present, "E: Unable to locate package chromium"

    monkeypatch.setattr(start.shutil, "which", lambda name: name if name in present else None)
    monkeypatch.setattr(start.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(start, "ON_WINDOWS", False)
    monkeypatch.setattr(start, "tool", apt)
    assert start.chromium_ready(in_ci=True) is True
    assert ["update" in command for command in commands] == [False, True, False]


def test_relock_asks_for_hashes_and_no_address(sandbox, monkeypatch):
    tool = FakeTool()
    monkeypatch.setattr(start, "tool", tool)
    assert start.relock(["--upgrade"]) == 0
    for word in ("--universal", "--generate-hashes", "--no-emit-index-url", "--exclude-newer", "--upgrade", "--group dev"):
        assert word in tool.commands[0]
    for word in ("--generate-hashes", "--no-emit-index-url", "--extra scale", "-c ", "requirements-scale.lock"):
        assert word in tool.commands[1]


def test_doctor_does_not_install_anything(sandbox, monkeypatch):
    calls = []
    monkeypatch.setattr(start, "tool", FakeTool())
    monkeypatch.setattr(start.subprocess, "call", lambda command, **more: calls.append(command) or 1)
    assert start.main(["doctor"]) == 1
    assert calls == [[sys.executable, "-m", "pipelines.cli", "doctor"]]


def test_an_unknown_command_lists_the_known_ones(capsys):
    assert start.main(["dmeo"]) == 2
    text = capsys.readouterr().out
    assert "Kommandot dmeo finns inte" in text
    assert all(name in text for name in start.COMMANDS)


def test_a_user_error_is_one_line_and_exit_code_two(monkeypatch, capsys):
    def old(version):
        raise start.StartError("För gammal.")

    monkeypatch.setattr(start, "check_python", old)
    assert start.main(["demo"]) == 2
    assert capsys.readouterr().err == "✗ För gammal.\n"


def test_a_full_disk_in_our_own_hands_is_said_plainly(monkeypatch, capsys):
    def full():
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(start, "setup", full)
    assert start.main(["setup"]) == 2
    assert "Disken är full" in capsys.readouterr().err
