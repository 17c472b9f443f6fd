"""Drives Dagster's page as a steward does: opens a job's Launchpad, types the fields, starts the run and reads what is shown."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import numpy as np
import yaml
from PIL import Image
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
LOCATION = "data_i_dialog"
SERVE = (
    "import sys; from pathlib import Path; from pipelines.ui import Page, serve; "
    "serve(*map(Path, sys.argv[1:3]), Page(int(sys.argv[3])))"
)
GOING = '{{ run: pipelineRunOrError(runId: "{run}") {{ ... on Run {{ endTime }} }} }}'
STATUS = r"[0-9a-f]{8}\s+(Success|Failure|Canceled)\s+Run of"
"""How a run's page says how it ended."""
NOTHING: Mapping[str, str] = MappingProxyType({})
PATIENCE = 240_000
"""Milliseconds; the whole chain on a busy machine is the longest wait."""

MENU, COLOURS = 240, 256
"""Width in pixels of Dagster's menu; the most colours that a small picture can have."""
FADED_IN = 1500
"""Milliseconds that a box may take to come up, when pictures are wanted."""
HIDE_PLACES = """home => {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode())
        if (node.nodeValue.includes(home)) node.nodeValue = node.nodeValue.replaceAll(home, "data");
}"""


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def base_only(folder: Path, stopping: Mapping[str, str]) -> Path:
    """A root like the repository's whose workspace has the base profile alone: each profile is a code server to wait for.

    Args:
        stopping: table -> its rule that stops a delivery here, whatever it does as shipped.
    """
    folder.mkdir()
    for name in ("assets", "pipelines"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "expectations", folder / "expectations", ignore=shutil.ignore_patterns("__pycache__"))
    for table, rule in stopping.items():
        path = folder / "expectations" / "suites" / f"{table.replace('/', '__')}.yml"
        suite = yaml.safe_load(path.read_text(encoding="utf-8"))
        next(one for one in suite["rules"] if one["id"] == rule)["severity"] = "critical"
        path.write_text(yaml.safe_dump(suite, allow_unicode=True, sort_keys=False), encoding="utf-8")
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    locations = [one for one in workspace["load_from"] if one["python_module"]["location_name"] == LOCATION]
    (folder / "workspace.yaml").write_text(yaml.safe_dump({"load_from": locations}), encoding="utf-8")
    return folder


@contextmanager
def dagster_started(home: Path, stopping: Mapping[str, str] = NOTHING) -> Iterator[str]:
    """Webserver and daemon on a data folder as `did ui` starts them; gives the page's address and stops all of it.

    Args:
        stopping: as `base_only`.
    """
    port, root = free_port(), base_only(home.parent / "program", stopping)
    words = [sys.executable, "-c", SERVE, str(root), str(home), str(port)]
    settings = {**os.environ, "DID_HOME": str(home), "NO_COLOR": "1"}
    process = subprocess.Popen(words, cwd=ROOT, env=settings, stdout=subprocess.PIPE, text=True)
    try:
        said = iter(process.stdout.readline, "") if process.stdout else iter(())
        if not any("Dagster är öppet" in line for line in said):
            raise RuntimeError("did ui ended before its page was open")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def fewer_colours(picture: Image.Image) -> Image.Image:
    """An RGB picture in its own most common colours: surfaces and signs stay as they are, shades of letters come near.

    A palette made by averages swaps pale tints: what is lilac looks like a red that means a fault.
    """
    drawn, place, count = np.unique(np.asarray(picture).reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    kept = drawn[np.argsort(-count, kind="stable")[:COLOURS]]
    nearest = np.array(
        [np.square(kept.astype(int) - colour).sum(axis=1).argmin() for colour in drawn.astype(int)], dtype=np.uint8
    )
    found = Image.fromarray(nearest[place.reshape(-1)].reshape(picture.size[::-1]), "P")
    found.putpalette(kept.tobytes())
    return found


class DagsterPage:
    """One page in the browser. `home`: the data folder. `shots`: folder for screenshots, when somebody wants them."""

    def __init__(self, page: Page, address: str, home: Path, shots: Path | None = None) -> None:
        self.page, self.address, self.home, self.shots = page, address, home, shots
        page.set_default_timeout(PATIENCE)

    def open(self, path: str) -> None:
        """Open a place on Dagster's page."""
        self.page.goto(f"{self.address}{path}")

    def open_job(self, job: str) -> None:
        """Open a job's Launchpad."""
        self.open(f"/locations/{LOCATION}/jobs/{job}/playground")
        self.page.wait_for_selector(".CodeMirror")

    def type_fields(self, fields: str) -> None:
        """Replace what stands in the Launchpad."""
        self.page.click(".CodeMirror")
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(fields)
        self.page.locator("button:enabled", has_text="Launch Run").wait_for()

    def launch(self) -> None:
        """Press Launch Run; the run's page opens."""
        self.page.get_by_text("No errors").wait_for()
        self.page.get_by_role("button", name="Launch Run").click()
        self.page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}"))

    def ended(self) -> str:
        """Wait until the run on the page has ended: what the page says about it.

        The page is left meanwhile: one that follows a run costs as much as the run does.
        """
        run, until = self.page.url, time.monotonic() + PATIENCE / 1000
        self.page.goto("about:blank")
        asked = {"query": GOING.format(run=run.rpartition("/")[2])}
        while not self.page.request.post(f"{self.address}/graphql", data=asked).json()["data"]["run"]["endTime"]:
            if time.monotonic() > until:
                break
            time.sleep(1)
        self.page.goto(run)
        while not (found := re.findall(STATUS, self.text())) and time.monotonic() < until:
            self.page.wait_for_timeout(500)
        return found[0] if found else "still under way"

    def switch_off(self, sensor: str) -> None:
        """Turn a sensor of the open job off with the switch beside the job's name."""
        self.page.locator(f'a[href$="/sensors/{sensor}"] + label').click()
        self.page.locator(f'a[href$="/sensors/{sensor}"] + label input:not(:checked)').wait_for(state="attached")

    def run(self, job: str, fields: str = "") -> str:
        """Open a job, type its fields, start it and wait: Success or Failure, as the page says."""
        self.open_job(job)
        if fields:
            self.type_fields(fields)
        self.launch()
        return self.ended()

    def told(self, step: str, words: str) -> str:
        """What the run's page tells of a step, once the words are there."""
        self.page.goto(f"{self.page.url.partition('?')[0]}?logs=step%3A{step}")
        self.page.get_by_text(words).first.wait_for()
        return self.text()

    def unfold(self, words: str) -> str:
        """Open the first folded answer of a step, and wait for the words in it."""
        self.page.get_by_text("[Show Markdown]").first.click()
        self.page.get_by_text(words).first.wait_for()
        return self.text()

    def text(self) -> str:
        """All that is shown."""
        return str(self.page.inner_text("body"))

    def shoot(self, name: str, left: int = MENU) -> None:
        """Keep what is shown as a picture, when pictures are wanted: small, and without where this computer has its folders.

        Args:
            left: pixels at the left that the picture leaves out; Dagster's menu.
        """
        if not self.shots:
            return
        self.page.wait_for_timeout(FADED_IN)
        self.page.evaluate(HIDE_PLACES, str(self.home))
        width, height = (self.page.viewport_size or {"width": 0, "height": 0}).values()
        path = self.shots / f"{name}.png"
        self.page.screenshot(path=path, clip={"x": left, "y": 0, "width": width - left, "height": height})
        with Image.open(path) as full:
            fewer_colours(full.convert("RGB")).save(path, optimize=True)
