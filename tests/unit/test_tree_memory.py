"""The benchmark's memory counts the processes that a process has started, while they run."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.common import tree_memory
from benchmarks.common.tree_memory import children_watched

HOLDS = "import sys; held = bytearray(60_000_000); print('ready', flush=True); sys.stdin.read()"


def test_the_highest_sum_holds_what_a_child_and_its_child_have_in_memory(monkeypatch):
    monkeypatch.setattr(tree_memory, "EVERY", 0.02)
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDS!r}])"
    run = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with children_watched() as memory, subprocess.Popen([sys.executable, "-c", nested], **run) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        child.stdout.readline()
        seen = memory.samples
        while memory.samples < seen + 2:
            time.sleep(0.01)
        child.stdin.close()
    assert len(memory.parts) >= 2
    assert 57 <= memory.parts[0] <= memory.at_once
