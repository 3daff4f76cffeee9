"""The driver of the controller program, tried on a stand-in."""

import sys
from pathlib import Path

import pytest

from bed.edsm import Edsm
from bed.process import ProcessDied
from bed.scratch import work_dir

STAND_IN = f"""#!{sys.executable}
import http.server, json, os, signal, sys, threading
flags = dict(word.split("=", 1) for word in sys.argv[2:] if "=" in word)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(b'# HELP a help\\na_total{{ns="x",secret="s"}} 2\\na_total{{ns="y",secret="s"}} 3\\nup 1\\n')
    def log_message(self, *_): pass
for flag in ("--metrics-bind-address", "--health-probe-bind-address"):
    host, port = flags[flag].split(":")
    server = http.server.ThreadingHTTPServer((host, int(port)), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({{"level": "info", "msg": "started", "queue": os.environ["SQS_QUEUE_URL"]}}), flush=True)
print("not json", flush=True)
signal.signal(signal.SIGTERM, lambda *_: os._exit(int(os.environ.get("EXIT", "0"))))
signal.pause()
"""


@pytest.fixture(scope="module")
def binary() -> Path:
    path = work_dir("stand-in") / "edsm"
    path.write_text(STAND_IN)
    path.chmod(0o755)
    return path


def test_run_observe_and_end(binary: Path) -> None:
    with Edsm("kubeconfig", env={"SQS_QUEUE_URL": "q"}, binary=binary) as edsm:
        edsm.ready()
        assert edsm.wait_log(msg="started")["queue"] == "q"
        assert {"raw": "not json"} in edsm.logs()
        assert edsm.metrics() == {'a_total{ns="x",secret="s"}': 2, 'a_total{ns="y",secret="s"}': 3, "up": 1}
        assert edsm.metric("a_total", ns="y") == 3
        assert edsm.metric("a_total") == 5
        assert edsm.rss_kib() > 1000
        edsm.kill9()
        edsm.start()
        edsm.ready().terminate()


def test_bad_exit_code_is_an_error(binary: Path) -> None:
    with Edsm("kubeconfig", env={"SQS_QUEUE_URL": "q", "EXIT": "3"}, binary=binary) as edsm:
        with pytest.raises(AssertionError, match="ended with 3"):
            edsm.ready().terminate()


def test_early_end_is_an_error_with_its_reason() -> None:
    binary = work_dir("broken") / "edsm"
    binary.write_text("#!/bin/sh\necho cannot work >&2\nexit 2\n")
    binary.chmod(0o755)
    with Edsm(binary=binary) as edsm, pytest.raises(ProcessDied, match=r"(?s)ended with 2.*cannot work"):
        edsm.ready()
