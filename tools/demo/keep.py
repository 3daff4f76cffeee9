"""--keep: everything stays, with commands to play with, until Ctrl-C."""

from __future__ import annotations

import shlex
import sys
import time

from demo.stage import BINDING, NAMESPACE, TARGET, WORKLOAD, Stage
from demo.terminal import Terminal

_RENEW = 300.0  # seconds; the tokens are good for 600
_SHOW_KEYS = """-o go-template='{{range $k, $v := .data}}{{$k}}={{base64decode $v}}{{"\\n"}}{{end}}'"""


def keep(stage: Stage, terminal: Terminal) -> None:
    """Says how to play, and lets it run; ends by KeyboardInterrupt, or when a part dies."""
    terminal.act("It keeps running: lines to paste into another terminal")
    for name, value in stage.admin_env().items():
        terminal.plain(f"export {name}={shlex.quote(value)}")
    terminal.plain(f'export PATH={shlex.quote(str(stage.bin))}:"$PATH"   # for kubectl')
    rotate = f"{shlex.quote(sys.executable)} {shlex.quote(str(stage.cloud.rotate))}"
    kubectl = f"kubectl --namespace {NAMESPACE}"
    for what, command in (
            ("see what there is", f"{kubectl} get eventdrivensecrets,secrets,deployments,pods"),
            ("watch the pods, in a terminal of its own", f"{kubectl} get pods --watch"),
            ("watch the Events likewise", f"{kubectl} events --watch"),
            ("rotate the secret in the cloud (a new password)", rotate),
            ("the same with values of yours", f"{rotate} password=secret apiKey=42"),
            ("read the Secret", f"{kubectl} get secret {TARGET} {_SHOW_KEYS}"),
            ("edit it (then read it again)", f"{kubectl} patch secret {TARGET} --type=merge "
             """-p '{"stringData":{"password":"by-hand"}}'"""),
            ("delete it", f"{kubectl} delete secret {TARGET}"),
            ("how the EventDrivenSecret fares", f"{kubectl} describe eventdrivensecret {BINDING}"),
            ("more pods", f"{kubectl} scale deployment {WORKLOAD} --replicas=10"),
            ("EDSM's log", f"tail -f {shlex.quote(str(stage.edsm.process.log))}"),
            ("its metrics", f"curl -s http://127.0.0.1:{stage.edsm.metrics_port}/metrics | grep ^edsm_")):
        terminal.say("")
        terminal.plain(f"# {what}")
        terminal.plain(command)
    terminal.say("")
    terminal.say("Ctrl-C in this terminal ends it and cleans up.")
    _attend(stage)


def _attend(stage: Stage) -> None:
    renew_at = time.monotonic() + _RENEW
    while True:
        time.sleep(1)
        for process in stage.parts():
            process.check("everything was kept running")
        if time.monotonic() >= renew_at:
            stage.renew_token()
            renew_at = time.monotonic() + _RENEW
