"""python -m demo [--cloud aws|gcp|azure] [--keep]: plays the demo; exit code 0 if all of it happened."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import traceback
from types import FrameType

from bed.edsm import default_binary
from bed.process import Hopeless
from bed.scratch import work_dir
from demo.clouds.aws import Aws
from demo.clouds.azure import AzureCloud
from demo.clouds.cloud import Cloud
from demo.clouds.google import Google
from demo.keep import keep
from demo.stage import Stage
from demo.story import Story, Surprise
from demo.terminal import Terminal

_CLOUDS: dict[str, type[Cloud]] = {"aws": Aws, "gcp": Google, "azure": AzureCloud}
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# What is wrong with the world rather than with the demo: told without a traceback.
_FAILURES = (TimeoutError, Hopeless, Surprise, AssertionError)


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description="Shows EDSM at work.")
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    parser.add_argument("--cloud", choices=_CLOUDS, default="aws", help="whose secrets (default: aws)")
    args = parser.parse_args()
    terminal = Terminal()
    if not default_binary().is_file():
        terminal.bad(f"{default_binary()} is not there: `make build` makes it; or set EDSM_BINARY")
        return 1
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    sys.setswitchinterval(0.0005)  # the threads that note times take turns often
    started = time.monotonic()
    try:
        _play(terminal, started, _CLOUDS[args.cloud](), args.keep)
    except KeyboardInterrupt:
        terminal.say("")
        terminal.say("Interrupted: everything is stopped and removed.")
        return 130
    except _FAILURES as error:
        return _failed(terminal, str(error))
    except Exception:  # pylint: disable=broad-except
        return _failed(terminal, f"this is a mistake of the demo itself\n{traceback.format_exc()}")
    terminal.say("Everything is stopped and removed.")
    return 0


def _play(terminal: Terminal, started: float, cloud: Cloud, keeps: bool) -> None:
    terminal.title("EDSM: a secret changes in the cloud, Kubernetes follows",
                   "All of this happens now, on this machine; every time is measured from outside EDSM.")
    terminal.act("A cluster, a cloud, and EDSM between them")
    with Stage(terminal, cloud) as stage:
        story = Story(stage, terminal)
        story.introduce()
        story.first_sync()
        story.rotation()
        story.equal_value()
        story.drift()
        story.numbers()
        if not keeps:
            story.end()
        terminal.say("")
        terminal.say(f"The demo took {time.monotonic() - started:.0f} s.")
        if keeps:
            try:
                keep(stage, terminal)
            except KeyboardInterrupt:
                terminal.say("")  # the way it is meant to end


def _interrupt(number: int, _frame: FrameType | None) -> None:
    # Once: cleaning up takes seconds, and a second Ctrl-C must not stop that.
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)


def _failed(terminal: Terminal, why: str) -> int:
    os.environ["EDSM_KEEP_LOGS"] = "1"  # bed.scratch reads it when this process ends
    first, _, rest = why.strip().partition("\n")
    terminal.bad(f"The demo failed in act {terminal.acts}: {first}")
    terminal.quote(rest)
    terminal.say(f"The logs of all parts, until the next run: {work_dir('demo').parent}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
