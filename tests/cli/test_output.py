"""A full disk behind stdout, or nobody who reads it: said by the exit code, never by a crash."""

import json
import os
import signal
import subprocess
import urllib.request

import pytest

from cli.conftest import NOBODY
from support import places
from support.http import fetch
from support.waiting import wait_until

OF_THE_STORE = [
    ["report"], ["report", "--json"], ["trace", "req-slow"], ["query", "SELECT * FROM requests"], ["doctor"], ["doctor", "--json"],
    ["graph", "interference"], ["graph", "interference", "--json"], ["analyze", "group", "--value", "total_ns"],
    ["export", "perfetto"], ["export", "graphml", "interference"],
]


@pytest.mark.parametrize("command", OF_THE_STORE, ids=" ".join)
def test_a_full_stdout_is_said(program, store, command):
    with open("/dev/full", "w") as full:
        done = subprocess.run([places.product(), *command, "--data", store], stdout=full, stderr=subprocess.PIPE, text=True,
                              env=program.environment, timeout=30, check=False)
    assert done.returncode == 1
    assert "cannot write to stdout: No space left on device" in done.stderr


@pytest.mark.parametrize("command", OF_THE_STORE, ids=" ".join)
def test_nobody_reads_either_output(program, store, command):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([places.product(), *command, "--data", store], stdout=writer, stderr=writer, env=program.environment,
                          timeout=30, check=False)
    os.close(writer)
    assert done.returncode == 1


def test_up_serves_on_when_nobody_reads_its_log(program, tmp_path):
    data = tmp_path / "data"
    up = subprocess.Popen([places.product(), "up", "--upstream", NOBODY, "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0",
                           "--otlp-http", "off", "--otlp-grpc", "off", "--data", data],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=program.environment)
    try:
        up.stdout.close()
        up.stderr.close()
        wait_until(lambda: (data / "run.json").exists(), "run.json", 20)
        run = json.loads((data / "run.json").read_text())
        assert fetch(run["gateway"], "GET", "/v1/models").status == 503
        assert urllib.request.urlopen(run["console"] + "/", timeout=10).status == 200
    finally:
        up.send_signal(signal.SIGTERM)
    assert up.wait(30) == 0
