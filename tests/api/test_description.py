"""Requests made from the description, and answers held against it."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from support.http import scripted_chat

HERE = Path(__file__).parent
ENDLESS = ["/api/v1/live"]  # a stream that never ends; tests/browser reads it


@pytest.fixture(scope="module")
def console(through):
    for number in range(12):
        answer = through.fetch("POST", "/v1/chat/completions", scripted_chat(number % 2 == 0),
                               [("X-Request-Id", f"api-{number}")])
        assert answer.status == 200
    through.request_row("api-11")
    return through.console


def test_answers_are_as_described(console, tmp_path):
    arguments = ["run", f"{console}/api", "--max-examples", "25", "--seed", "1", "--suppress-health-check", "all",
                 "--phases", "examples,coverage,fuzzing", "--workers", "1", "--no-color"]
    for path in ENDLESS:
        arguments += ["--exclude-path", path]
    done = subprocess.run([Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml",
                           *arguments], capture_output=True, text=True, timeout=240, cwd=tmp_path)  # where it keeps notes
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr


def test_every_operation_is_described_in_words(console):
    with urllib.request.urlopen(f"{console}/api", timeout=10) as answer:
        document = json.load(answer)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("summary"), f"{method} {path}"
            assert any(status.startswith("2") for status in operation["responses"]), f"{method} {path}"
