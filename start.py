"""Set up the project and run it, with nothing but Python's standard library (Windows: `py start.py demo`).

The first call makes `.venv`, installs the pinned uv and then exactly the packages of `requirements.lock`, hashes checked and
bytecode compiled. A stamp remembers the lock, so later calls start at once. The project itself is run in place, never
installed. The file is kept free of syntax that an old Python can't read, so that it can say "your Python is too old".
"""

import errno
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
SCALE_LOCK = ROOT / "requirements-scale.lock"
"""Packages for more than one machine (docs/development/scale.md); nothing here installs them."""
UV = "0.13.9"
OLDEST_PYTHON = (3, 11)
DISK_NEEDED = 3 * 10**9
"""Bytes free before an installation: the environment itself, the download cache and room for data."""
LOCK_AGE = "7 days"
"""A lock never takes a package version younger than this."""
ON_WINDOWS = os.name == "nt"

COMMANDS = {
    "demo": "simulera leveranser, kör hela kedjan och skriv rapportpaketen",
    "ovning": "bygg en påhittad övningskommun med känt facit, att öva workshopen på",
    "kor": "kör hela kedjan på det som ligger i inkorgen",
    "hamta": "hämta en ny årgång av ett register (kolada eller scb) från källan",
    "kodbok": "föreslå en kodbok för en leverans som ingen kodbok känner igen",
    "formular": "skriv formulär om aktiviteter, förutsättningar och beslut att skicka ut",
    "status": "visa hur långt varje kommun har kommit, vad som stoppar och vad ett fel berör",
    "kontroller": "visa vilka regler leveranserna bröt mot i den senaste körningen",
    "pilot": "visa hur långt en pilots kommuner har kommit",
    "gallra": "ta bort en leverans överallt, och visa att den är borta",
    "historik": "lista körningarna, visa en av dem eller vad som ändrades mellan två",
    "sakerhetskopia": "kopiera hela datamappen till en fil, och kontrollera filen",
    "aterstall": "lägg tillbaka en säkerhetskopia",
    "arkivnyckel": "gör en nyckel att kryptera arkivet med",
    "kunskap": "visa vad kunskapsbasen säger om en faktor",
    "godkann": "godkänn eller avslå ett paket",
    "publicera": "försegla och ge ut det som två personer har godkänt",
    "verifiera": "kontrollera ett utgivet paket, utan nät",
    "nyckel": "visa nyckeln som paketen förseglas med",
    "utgivningar": "lista vad som har getts ut och kontrollera registret",
    "hallinne": "låt en kommuns utgivna leverans gälla fast en nyare har kommit",
    "rojande": "visa hur många tal som är dolda och av vilka regler",
    "test": "kör alla tester (fler ord går vidare till pytest)",
    "ui": "öppna Dagster i webbläsaren (port 3333, ändras med --port)",
    "doctor": "undersök vad som är fel på datorn",
    "setup": "installera paketen, inget mer",
    "check": "granska kodens form (ruff)",
    "audit": "granska paketens licenser, kontrollsummor och kända säkerhetshål",
    "golden": "skriv om facit för de gyllene testerna",
    "galleri": "rita alla diagram på en sida, dist/galleri/galleri.html",
    "docs": "skriv dokumentationen som sidor utan nät, site/index.html",
    "bench": "kör mätningarna i benchmarks/",
    "lock": "räkna om requirements.lock från pyproject.toml (--upgrade tar nyare versioner)",
}

TROUBLES = (
    (
        ("no space left", "os error 28", "os error 112", "disk full", "not enough space"),
        "Disken är full. Frigör minst 3 GB och kör kommandot igen.",
    ),
    (
        ("hash mismatch", "hashes do not match", "do not match the hashes"),
        "Ett hämtat paket har inte den kontrollsumma som requirements.lock kräver, så det installerades inte. "
        "Försök igen; händer det på nytt ändrar något på vägen (en proxy eller en spegel) paketen.",
    ),
    (
        ("certificate", "unknownissuer", "ssl error"),
        "Anslutningen till paketarkivet har ett certifikat som datorn inte litar på. Be it-avdelningen om "
        "organisationens rotcertifikat och ange det i miljövariabeln SSL_CERT_FILE och PIP_CERT.",
    ),
    (
        ("filename or extension is too long", "winerror 206", "os error 206", "file name too long"),
        "Sökvägen till mappen är för lång för Windows. Flytta hela mappen till en kort plats, till exempel C:\\did.",
    ),
    (
        (
            "name resolution",
            "getaddrinfo",
            "dns error",
            "failed to establish",
            "connection refused",
            "connection reset",
            "error sending request",
            "timed out",
            "network is unreachable",
            "could not connect",
            "could not fetch",
            "could not find a version",
        ),
        "Det går inte att hämta paketen. Första gången behövs internet: kontrollera nätet och eventuell proxy "
        "(miljövariabeln HTTPS_PROXY) och kör kommandot igen.",
    ),
    (
        ("permission denied", "access is denied", "read-only file system", "os error 13", "os error 5)"),
        "Mappen går inte att skriva i. Lägg projektet i en mapp som du äger, och stäng program som har filer i .venv öppna.",
    ),
)


class StartError(Exception):
    """Something a person can put right, told in Swedish."""


def say(text):
    """One line to the console at once, also when the output is a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def plain_words(output):
    """The Swedish sentence for a tool's error output, or its last lines when the trouble is unknown."""
    lowered = output.lower()
    for marks, sentence in TROUBLES:
        if any(mark in lowered for mark in marks):
            return sentence
    tail = "\n".join(output.strip().splitlines()[-12:])
    return "Installationen avbröts av ett fel som inte känns igen. Verktygets sista rader:\n" + tail


def check_python(version):
    """Raise StartError unless `version` (major, minor, ...) is new enough."""
    if tuple(version[:2]) < OLDEST_PYTHON:
        have = ".".join(str(part) for part in version[:3])
        need = ".".join(str(part) for part in OLDEST_PYTHON)
        raise StartError(
            f"Python {have} är för gammal: det behövs {need} eller nyare. Installera en nyare Python och kör igen med den, "
            f"till exempel python{need} start.py demo (Windows: py -{need} start.py demo)."
        )


def check_venv_module():
    """Debian and Ubuntu split the standard library: without python3-venv there is no ensurepip."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise StartError("Pythons modul för virtuella miljöer saknas. Installera den med: sudo apt install python3-venv")


def check_disk(free):
    """Raise StartError when fewer than DISK_NEEDED bytes are free."""
    if free < DISK_NEEDED:
        have = f"{free / 1e9:.1f}".replace(".", ",")
        raise StartError(f"Det finns bara {have} GB ledigt på disken; installationen behöver 3 GB. Frigör utrymme och kör igen.")


def venv_program(name, windows=ON_WINDOWS):
    """Path of a program inside the virtual environment."""
    return VENV / "Scripts" / (name + ".exe") if windows else VENV / "bin" / name


def stamp_text(lock_bytes, version=sys.version_info):
    """What an up-to-date environment is: this lock, this Python, this uv."""
    return f"{hashlib.sha256(lock_bytes).hexdigest()} {version[0]}.{version[1]} {UV}\n"


def is_ready():
    """True when `.venv` was installed from the present lock; takes milliseconds."""
    stamp = VENV / ".stamp"
    return (
        venv_program("python").exists() and stamp.exists() and stamp.read_text(encoding="ascii") == stamp_text(LOCK.read_bytes())
    )


def lock_entry(name, lock_text):
    """The lock's lines for one package, hashes included; empty when it isn't locked."""
    match = re.search(rf"^{re.escape(name)}==.*?(?=^[^ ]|\Z)", lock_text, flags=re.MULTILINE | re.DOTALL)
    return match.group(0) if match else ""


def child_environment(base=None):
    """Environment of everything we start: the project importable in place, UTF-8, bytecode kept, nothing phoning home."""
    env = dict(os.environ if base is None else base)
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONOPTIMIZE"):
        env.pop(name, None)
    env.update(
        PYTHONPATH=str(ROOT),
        PYTHONUTF8="1",
        VIRTUAL_ENV=str(VENV),
        PATH=str(venv_program("python").parent) + os.pathsep + env.get("PATH", ""),
        UV_PYTHON_DOWNLOADS="never",
        UV_SYSTEM_CERTS="true",
        GX_ANALYTICS_ENABLED="false",
        DAGSTER_DISABLE_TELEMETRY="1",
    )
    return env


def tool(arguments, stdin=""):
    """Run a tool quietly; return (worked, its output)."""
    done = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=ROOT,
        env=child_environment(),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode == 0, done.stdout


def make_venv():
    """An environment with pip for this Python; one that works is kept, a broken or foreign one is made anew."""
    python = venv_program("python")
    probe = f"import sys, pip; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])!r})"
    if python.exists() and tool([python, "-c", probe])[0]:
        return
    worked, output = tool([sys.executable, "-m", "venv", "--clear", VENV])
    if not worked:
        raise StartError(plain_words(output))


def install():
    """Bring `.venv` to the lock: uv first (itself hash-locked), then everything; plain pip where uv can't run."""
    python, wanted = venv_program("python"), VENV / "bootstrap.txt"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "-r"]
    entry = lock_entry("uv", LOCK.read_text(encoding="utf-8"))
    wanted.write_text(entry, encoding="utf-8")
    worked, output = tool([*pip, wanted])
    if worked and entry:
        sync = [venv_program("uv"), "pip", "sync", "--quiet", "--python", python, "--require-hashes", "--compile-bytecode"]
        worked, output = tool([*sync, LOCK])
    if not (worked and entry):
        say("Det snabba installationsverktyget gick inte att använda; försöker med pip, som tar längre tid ...")
        worked, slow_output = tool([*pip, LOCK])
        if not worked:
            raise StartError(plain_words(output + "\n" + slow_output))


def setup():
    """Everything needed to run, or StartError in plain words. Immediate when nothing changed."""
    if is_ready():
        return
    check_venv_module()
    check_disk(shutil.disk_usage(ROOT).free)
    say("Installerar paketen i .venv; det tar någon eller några minuter första gången ...")
    make_venv()
    (VENV / ".stamp").unlink(missing_ok=True)
    install()
    (VENV / ".stamp").write_text(stamp_text(LOCK.read_bytes()), encoding="ascii")
    say("Klart. Nästa gång startar kommandot direkt.")


def chromium_ready(in_ci):
    """Make sure that browser tests can run; False when they have to be left out, StartError when CI would miss them."""
    if shutil.which("chromium"):
        return True
    is_root = not ON_WINDOWS and os.geteuid() == 0
    if is_root and shutil.which("apt-get"):
        say("Installerar chromium för webbläsartesterna ...")
        apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
        wanted = ["install", "--no-install-recommends", "chromium", "fonts-liberation"]
        worked, output = tool([*apt, *wanted])
        if not worked:
            tool([*apt, "update"])
            worked, output = tool([*apt, *wanted])
        if shutil.which("chromium"):
            return True
        say("Chromium gick inte att installera: " + (output.strip().splitlines() or ["okänt fel"])[-1])
    if in_ci:
        raise StartError("Webbläsartesterna behöver chromium, som saknas. I CI får de inte hoppas över.")
    say("Chromium saknas, så webbläsartesterna körs inte. På Debian: sudo apt install chromium")
    return False


def without_browser(arguments):
    """The pytest arguments with browser tests left out, joined with the user's own -m when there is one."""
    if "-m" not in arguments[:-1]:
        return [*arguments, "-m", "not browser"]
    place = arguments.index("-m") + 1
    return [*arguments[:place], f"({arguments[place]}) and not browser", *arguments[place + 1 :]]


def relock(arguments):
    """Recompute both locks for every platform, with hashes and without any address; pins are kept unless --upgrade is given."""
    command = [venv_program("uv"), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-annotate", "--exclude-newer", LOCK_AGE]
    command += ["--exclude-newer-package", "uv=false"]  # the bootstrap pins uv itself
    command += ["--custom-compile-command", "make lock", *arguments]
    usual = ["--group", "dev", "-o", LOCK, "pyproject.toml", "-"]
    scale = ["--extra", "scale", "-c", LOCK, "-o", SCALE_LOCK, "pyproject.toml"]  # the same versions, and some packages more
    for asked, stdin in ((usual, f"uv=={UV}\n"), (scale, "")):
        worked, output = tool([*command, *asked], stdin=stdin)
        if not worked:
            raise StartError(plain_words(output))
    say("requirements.lock är räknad på nytt. Läs skillnaden (git diff) och kör testerna innan du sparar den.")
    return 0


def run(arguments, extra=None):
    """Run a module in the environment and take its exit code. On Linux and macOS it replaces this process, signals and all."""
    command = [str(venv_program("python")), *arguments]
    env = dict(child_environment(), **(extra or {}))
    os.chdir(ROOT)
    sys.stdout.flush()
    if not ON_WINDOWS:
        os.execve(command[0], command, env)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the child, which tidies up and decides the exit code
    return subprocess.call(command, env=env)


def doctor(arguments):
    """Examine the machine also when nothing is installed: the check itself needs only the standard library."""
    if is_ready():
        return run(["-m", "pipelines.cli", "doctor", *arguments])
    return subprocess.call([sys.executable, "-m", "pipelines.cli", "doctor", *arguments], cwd=ROOT, env=child_environment())


def test(arguments):
    """The whole test suite, parts beside each other; without Chromium all but the browser tests, unless this is CI."""
    in_ci = os.environ.get("CI", "").lower() in ("true", "1")
    words = arguments if chromium_ready(in_ci) else without_browser(arguments)
    return run(["-m", "pytest" if arguments else "tests.support.side_by_side", *words])


def check(arguments):
    """Lint and format check; both are always run."""
    ruff = str(venv_program("ruff"))
    codes = [subprocess.call([ruff, *words, *arguments, "."], cwd=ROOT) for words in (["check"], ["format", "--check"])]
    return max(codes)


def bench(arguments):
    """One benchmark with its own arguments (`bench scoring ...`), or all of them after each other."""
    if arguments:
        return run(["-m", "benchmarks." + arguments[0], *arguments[1:]])
    names = sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))
    python = str(venv_program("python"))
    codes = [subprocess.call([python, "-m", "benchmarks." + name], cwd=ROOT, env=child_environment()) for name in names]
    return max(codes, default=0)


def start(command, arguments):
    """Do one command; return the exit code."""
    check_python(sys.version_info)
    if command == "doctor":
        return doctor(arguments)
    setup()
    special = {
        "test": test,
        "check": check,
        "setup": lambda _: 0,
        "lock": relock,
        "golden": lambda more: run(["-m", "pytest", "tests/golden", *more], {"DID_UPDATE_GOLDEN": "1"}),
        "galleri": lambda more: run(["-m", "tests.support.gallery_page", *more]),
        "docs": lambda more: run(["-m", "docs.build", *more]),
        "bench": bench,
        "audit": lambda more: run(["-m", "pipelines.packages", *more]),
    }
    if command in special:
        return special[command](arguments)
    return run(["-m", "pipelines.cli", command, *arguments])


def usage():
    """All commands, one a line."""
    lines = [f"  {name:<14} {text}" for name, text in COMMANDS.items()]
    return "\n".join(["Användning: python3 start.py KOMMANDO (Windows: py start.py KOMMANDO)", "", *lines])


def main(arguments):
    """Exit code 0 when it worked, 2 when the user has something to put right."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    if not arguments or arguments[0] in ("-h", "--help"):
        say(usage())
        return 0 if arguments else 2
    if arguments[0] not in COMMANDS:
        say(f"Kommandot {arguments[0]} finns inte.\n\n{usage()}")
        return 2
    try:
        return start(arguments[0], arguments[1:])
    except StartError as problem:
        sys.stderr.write(f"✗ {problem}\n")
    except KeyboardInterrupt:
        sys.stderr.write("Avbrutet. Kör kommandot igen för att fortsätta.\n")
        return 130
    except OSError as problem:
        if problem.errno not in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EPERM):
            raise
        sys.stderr.write(f"✗ {plain_words('no space left' if problem.errno == errno.ENOSPC else 'permission denied')}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
