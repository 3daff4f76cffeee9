"""How much of a measurement is the bench's own doing."""

from __future__ import annotations

import os

from bench import objects
from bench.results import Results
from bench.stage import Stage

_CALLS = 2000


def load() -> str:
    return ", ".join(f"{number:.1f}" for number in os.getloadavg())


def emulator(stage: Stage, results: Results) -> None:
    """How many calls a second the emulator answers: its limit is one for everything that goes through it."""
    stage.make_secrets(["noise"])
    read = [{"target": "secretsmanager.GetSecretValue", "body": {"SecretId": "noise"}}] * _CALLS
    alone, together = (stage.load.send(read, at_once=at_once) for at_once in (1, 8))
    results.facts["AWS emulator"] = (f"one read takes {1000 / alone.rate:.2f} ms; "
                                     f"at most {together.rate:,.0f} reads a second, on one core")
    secret = "/api/v1/namespaces/kube-system/secrets/noise"
    stage.admin.send([objects.secret("noise", "kube-system", "x")])
    get = [{"method": "GET", "path": secret, "type": ""}] * _CALLS
    alone, together = (stage.load.send(get, at_once=at_once) for at_once in (1, 8))
    results.facts["API server"] = (f"one read takes {1000 / alone.rate:.2f} ms; at most {together.rate:,.0f} reads a "
                                   f"second, on what the cores have left")
    results.say(f"noise: {results.facts['AWS emulator']}")
