"""`edsm completion`, in the real shells: what stands on the command line after the tab key."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Self

import pytest

from bed import ROOT
from bed.controlplane import programs as cluster_programs
from bed.edsm import default_binary
from bed.scratch import work_dir

PROMPT = "ready> "
FISH = "edsm completion fish | source"
HOME, END, TAB = "\x01", "\x05", "\t"
STARTS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], [f"PS1='{PROMPT}'", "source <(edsm completion bash)"]),
    "zsh": (["zsh", "-f", "-i"], [f"PROMPT='{PROMPT}'", "bindkey -e", "autoload -U compinit && compinit -u -D",
                                  "source <(edsm completion zsh)"]),
}


@pytest.fixture(scope="module")
def folder() -> Path:
    """A folder of $PATH with the program, by its name and by those of a kubectl plugin."""
    folder = work_dir("bin")
    for name in ("edsm", "kubectl-edsm", "kubectl_complete-edsm"):
        (folder / name).symlink_to(default_binary())
    return folder


def environment(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder}:{cluster_programs()}:/usr/bin:/bin", "HOME": str(folder), "TERM": "dumb"}


class Shell:
    """An interactive shell on a terminal."""

    def __init__(self, name: str, folder: Path) -> None:
        command, self._first = STARTS[name]
        assert shutil.which(name), f"{name} is not installed: tools/setup/packages.sh"
        self._ours, theirs = os.openpty()
        self._process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder,
                                         env=environment(folder), start_new_session=True)
        os.close(theirs)
        self._seen = ""

    def __enter__(self) -> Self:
        for line in self._first:
            self._type(line + "\n")
        self.after_tab("true")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def after_tab(self, line: str) -> str:
        """The line as it stands after the tab key, without a blank at its end, which not every shell leaves
        there: it is printed, in the place of being run."""
        self._seen = ""
        self._type(f'{line}{TAB}{HOME}echo "[{END}]"\n')
        deadline = time.monotonic() + 20
        while not (found := re.search(r"^\[(.*)\]\r?$", self._seen, re.MULTILINE)):
            ready, _, _ = select.select([self._ours], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"no answer to {line!r}; seen: {self._seen!r}"
            self._seen += os.read(self._ours, 4096).decode(errors="replace").replace("\r\n", "\n")
        return found[1].rstrip()

    def _type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())


@pytest.mark.parametrize("name", STARTS)
def test_the_tab_key_completes(name: str, folder: Path) -> None:
    (folder / "cluster.yaml").touch()
    with Shell(name, folder) as shell:
        for typed, completed in [
            ("edsm sta", "edsm status"),
            ("edsm status --wa", "edsm status --watch"),
            ("edsm status -o js", "edsm status -o json"),
            ("edsm status --output=js", "edsm status --output=json"),
            ("edsm status --as system:a -o js", "edsm status --as system:a -o json"),
            ("edsm status -n run --all", "edsm status -n run --all-namespaces"),
            ("edsm status --kubeconfig clu", "edsm status --kubeconfig cluster.yaml"),
            ("edsm status --kubeconfig=clu", "edsm status --kubeconfig=cluster.yaml"),
            ("edsm status clu", "edsm status clu"),
            ("edsm completion z", "edsm completion zsh"),
        ]:
            assert shell.after_tab(typed) == completed


def test_the_tab_key_completes_in_fish(folder: Path) -> None:
    """fish tells what it would offer, without a terminal."""
    (folder / "cluster.yaml").touch()
    assert shutil.which("fish"), "fish is not installed: tools/setup/packages.sh"

    def offered(line: str) -> list[str]:
        answer = subprocess.run(["fish", "--no-config", "-c", f"{FISH}; complete -C '{line}'"], cwd=folder,
                                env=environment(folder), text=True, capture_output=True, timeout=60, check=True)
        assert not answer.stderr
        return [each.split("\t")[0] for each in answer.stdout.splitlines()]

    assert offered("edsm sta") == ["status"]
    assert {"run", "status", "completion"} <= set(offered("edsm "))
    assert offered("edsm status --output=j") == ["--output=json"]
    assert offered("edsm status --kubeconfig clu") == ["cluster.yaml"]
    assert offered("edsm status --kubeconfig=clu") == ["--kubeconfig=cluster.yaml"]
    assert not offered("edsm status clu")


@pytest.mark.parametrize("line", [start[-1] for _, start in STARTS.values()] + [FISH])
def test_the_page_says_the_lines_that_are_tested_here(line: str) -> None:
    assert f"    $ {line}" in (ROOT / "docs/commands.md").read_text()


def test_kubectl_completes_its_plugin(folder: Path) -> None:
    """kubectl's own completion asks kubectl_complete-edsm."""
    answer = subprocess.run(["kubectl", "__complete", "edsm", "status", "--ou"], env=environment(folder), text=True,
                            capture_output=True, timeout=60, check=True)
    assert answer.stdout.splitlines() == ["--output\tHow to print it", ":4"]
