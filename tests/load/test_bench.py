"""`llamatelemetry bench` against an engine whose delays are known."""

import json
import signal
import subprocess
import time

import pytest

from support import places
from support.http import scripted_chat

DELAYS = {"queue_ms": 20, "prefill_ms": 30, "token_ms": 4, "tokens": 6}
DISTRIBUTIONS = ("ttft_ms", "tpot_ms", "itl_ms", "queue_ms", "prefill_ms", "decode_ms", "e2e_ms")


def bench(*arguments: str, code: int = 0) -> subprocess.CompletedProcess:
    done = subprocess.run([places.product(), "bench", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr + done.stdout
    return done


def measured(url: str, *arguments: str, code: int = 0) -> dict:
    return json.loads(bench("--url", url, "--json", *arguments, code=code).stdout)


@pytest.fixture
def prompts(tmp_path):
    """A file whose requests carry a script."""
    def write(*scripts: dict):
        path = tmp_path / "prompts.jsonl"
        path.write_text("".join(json.dumps(scripted_chat(True, **script)) + "\n" for script in scripts))
        return str(path)
    return write


def test_the_document_is_the_contracts(scripted, prompts):
    result = measured(scripted.url, "--prompts", prompts(DELAYS), "--concurrency", "3", "--duration", "1s")
    for name in DISTRIBUTIONS:
        assert set(result[name]) == {"p50", "p90", "p95", "p99", "mean", "count"}, name
        assert result[name]["count"] > 0
        assert result[name]["p50"] <= result[name]["p90"] <= result[name]["p95"] <= result[name]["p99"]
    assert result["requests"] > 3 and result["errors"] == 0
    assert result["output_tokens"] == 6 * result["requests"] and result["tokens_from_usage"]
    assert result["output_tokens_per_second"] == pytest.approx(result["output_tokens"] / result["seconds"])
    assert result["goodput_rps"] == pytest.approx(result["requests"] / result["seconds"])
    assert (result["loop"], result["concurrency"], result["rate"], result["slo"]) == ("closed", 3, None, None)


def test_times_contain_the_delays(scripted, prompts):
    result = measured(scripted.url, "--prompts", prompts(DELAYS), "--concurrency", "1", "--duration", "1500ms")
    assert result["queue_ms"]["p50"] >= 20 and result["prefill_ms"]["p50"] >= 30
    assert result["ttft_ms"]["p50"] >= 50
    assert result["tpot_ms"]["p50"] >= 3.9 and result["itl_ms"]["mean"] >= 3.9
    assert result["decode_ms"]["p50"] >= 5 * 3.9 and result["e2e_ms"]["p50"] >= 70
    assert result["itl_ms"]["count"] == 5 * result["requests"]
    assert result["ttft_ms"]["mean"] == pytest.approx(result["queue_ms"]["mean"] + result["prefill_ms"]["mean"])


def test_an_open_loop_does_not_wait(scripted, prompts):
    """A server that takes a second for each answer still gets its 20 requests a second."""
    result = measured(scripted.url, "--prompts", prompts({"prefill_ms": 1000, "tokens": 2}), "--rate", "20",
                      "--duration", "2s", "--seed", "5")
    assert result["loop"] == "open" and result["rate"] == 20
    assert 20 <= result["requests"] <= 64  # 40 on average; 20 apart is beyond three deviations
    assert result["unfinished"] == 0 and result["errors"] == 0
    again = measured(scripted.url, "--prompts", prompts({"tokens": 2}), "--rate", "20", "--duration", "2s", "--seed", "5")
    assert again["requests"] == result["requests"]  # the same moments


def test_goodput(scripted, prompts):
    """Every second request is too slow for the level."""
    file = prompts({"prefill_ms": 1, "tokens": 2}, {"prefill_ms": 700, "tokens": 2})
    result = measured(scripted.url, "--prompts", file, "--concurrency", "2", "--duration", "2s", "--slo", "ttft=600ms")
    level = result["slo"]
    assert level["ttft_ms"] == 600 and level["tpot_ms"] is None
    assert level["met"] + level["missed"] == result["requests"] and level["missed"] >= 2 and level["met"] >= 2
    assert result["goodput_rps"] == pytest.approx(level["met"] / result["seconds"])


def test_failures_are_counted_by_name(scripted, prompts):
    file = prompts({"tokens": 2}, {"status": 500}, {"status": 503})
    result = measured(scripted.url, "--prompts", file, "--concurrency", "1", "--duration", "1s")
    assert {"HTTP 500", "HTTP 503"} <= set(result["errors_by_type"])
    assert result["errors"] == sum(result["errors_by_type"].values()) < result["requests"]
    assert result["ttft_ms"]["count"] == result["requests"] - result["errors"]


def test_when_nothing_succeeds_the_exit_code_says_so(scripted, prompts):
    result = measured(scripted.url, "--prompts", prompts({"status": 500}), "--duration", "300ms", code=1)
    assert result["errors"] == result["requests"] > 0
    assert result["ttft_ms"] == {"p50": None, "p90": None, "p95": None, "p99": None, "mean": None, "count": 0}


def test_ctrl_c_shows_what_was_measured(scripted, prompts):
    process = subprocess.Popen([places.product(), "bench", "--url", scripted.url, "--json", "--duration", "1h",
                                "--prompts", prompts({"tokens": 2})], stdout=subprocess.PIPE)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert json.loads(out)["requests"] > 0


def test_through_the_gateway_it_agrees_with_the_store(through, scripted, prompts):
    """The same requests, seen by the client and by the gateway."""
    before = through.sql("SELECT count(*) AS n FROM requests WHERE operation = 'chat'")[0]["n"]
    result = measured(through.gateway, "--prompts", prompts(DELAYS), "--concurrency", "2", "--duration", "1s")
    time.sleep(0.7)
    rows = through.sql("SELECT count(*) AS n, median(ttft_ns) / 1e6 AS ttft, sum(output_tokens) AS tokens FROM "
                       f"(FROM requests WHERE operation = 'chat' ORDER BY start_unix_ns OFFSET {before})")[0]
    assert rows["n"] == result["requests"] and rows["tokens"] == result["output_tokens"]
    assert rows["ttft"] <= result["ttft_ms"]["p50"] + 1e-3  # the client's time contains the gateway's


def test_a_real_engine(served):
    result = measured(served.gateway, "--concurrency", "2", "--duration", "3s", "--max-tokens", "8")
    assert result["errors"] == 0 and result["requests"] >= 2
    assert result["output_tokens"] <= 8 * result["requests"] and result["queue_ms"]["count"] == result["requests"]
    text = bench("--url", served.gateway, "--duration", "500ms", "--max-tokens", "4").stdout
    assert "time to first token" in text and "output tokens/s" in text


@pytest.mark.parametrize("arguments, words", [
    (["--url", "ftp://x"], "--url"), (["--url", "http://127.0.0.1:1", "--rate", "0"], "--rate"),
    (["--url", "http://x", "--rate", "1", "--concurrency", "2"], "excludes"),
    (["--url", "http://x", "--slo", "ttft=fast"], "--slo"), (["--url", "http://x", "--duration", "0s"], "--duration"),
    (["--url", "http://x", "--concurrency", "0"], "--concurrency"), ([], "--url")])
def test_bad_usage(arguments, words):
    assert words in bench(*arguments, code=2).stderr


def test_what_is_no_server_is_named(tmp_path):
    assert "does not answer" in bench("--url", "http://127.0.0.1:1", code=1).stderr
    assert "does not answer" in bench("--url", "http://no-such-host.invalid:80", code=1).stderr


def test_bad_prompts_name_the_line(scripted, tmp_path):
    file = tmp_path / "p.jsonl"
    file.write_text('{"prompt": "a"}\n{"messages": 3}\n')
    assert "line 2" in bench("--url", scripted.url, "--prompts", str(file), code=1).stderr
    assert "cannot be read" in bench("--url", scripted.url, "--prompts", str(tmp_path / "none.txt"), code=1).stderr
