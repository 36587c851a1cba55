"""The official OpenAI client for Node, one process for all cases of openai_client.mjs."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from support.waiting import wait_until

SCRIPT = Path(__file__).with_name("openai_client.mjs")
CASES = re.findall(r"^  async (\w+)\(\)", SCRIPT.read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def results(node, served) -> dict[str, str]:
    if not (SCRIPT.parent / "node_modules/openai").is_dir():
        pytest.skip("the Node client is not installed: npm ci --prefix tests/clients")
    done = subprocess.run([node, SCRIPT, served.gateway + "/v1"], capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", CASES)
def test_node_client(results, case):
    assert results[case] == "ok"


def test_cancel_frees_the_slot(results, served):
    row = served.request_row("node-cancel")
    assert row["error_type"] and row["content_chunks"] < 4000
    wait_until(lambda: not any(s["is_processing"] for s in served.fetch("GET", "/slots").json), "all slots free", 3)
