"""`report` over known rows: every figure follows from store.sql."""

import json
import re
import shutil

import pytest

from cli.duckdb_file import execute


def report(program, store, *arguments):
    return program("report", "--data", str(store), *arguments)


def test_text(program, store, golden):
    done = report(program, store)
    assert (done.returncode, done.stderr) == (0, "")
    golden("report.txt", done.stdout)


def test_json(program, store, golden):
    golden("report.json", report(program, store, "--json").stdout)


def test_html_is_one_page_that_needs_nothing_else(program, store, golden, tmp_path):
    done = report(program, store, "--html", "page.html")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    page = (tmp_path / "page.html").read_text()
    rest, charts = re.subn(r"<section id=charts>.*?</section>\n", "", page, flags=re.DOTALL)
    golden("report.html", rest)
    assert charts == 1, "tests/browser/test_report_page.py looks at them"
    assert "default-src 'none'" in rest and not re.search(r"<script|http:|https:|src=", rest)


def test_a_page_is_whole_or_not_there(program, store, tmp_path):
    done = report(program, store, "--html", "no/folder/page.html")
    assert done.returncode == 1 and "cannot write no/folder/page.html" in done.stderr
    assert not list(tmp_path.glob("*.part"))


def test_the_figures_by_hand(program, store):
    d = json.loads(report(program, store, "--json").stdout)
    assert d["requests"] == 6 and d["errors"] == 1 and d["other_requests"] == 1
    # ttft of the four chats: 20, 40, 60, 80 ms
    assert d["ttft_ms"]["p50"] == pytest.approx(50) and d["ttft_ms"]["p90"] == pytest.approx(74)
    assert d["ttft_ms"]["mean"] == pytest.approx(50) and d["ttft_ms"]["count"] == 4
    # tpot: decode / (tokens - 1) = 10, 20, 30, 40 and 100 ms
    assert d["tpot_ms"]["p50"] == pytest.approx(30) and d["tpot_ms"]["count"] == 5
    # sixteen gaps: four each of 10, 20, 30, 40 ms
    assert d["itl_ms"]["p50"] == pytest.approx(25) and d["itl_ms"]["count"] == 16
    assert d["e2e_ms"]["p50"] == pytest.approx(300) and d["e2e_ms"]["count"] == 5
    # from the first start (1 s) to the last end (12.003 s)
    assert d["output_tokens_per_second"] == pytest.approx(41 / 11.003)
    assert d["goodput_rps"] == pytest.approx(5 / 11.003)
    # cached: 0 + 25 + 50 + 75 of the 400 tokens of requests that know it
    assert d["cache_hit_ratio"] == pytest.approx(150 / 400)
    assert [(g["model"], g["route"], g["requests"]) for g in d["groups"]] == [
        ("alpha", "/v1/chat/completions", 5), ("beta", "/v1/completions", 1)]
    assert d["groups"][1]["ttft_ms"] == {"p50": None, "p90": None, "p95": None, "p99": None, "mean": None, "count": 0}


def test_the_slowest_request_has_its_reason(program, store):
    slowest = json.loads(report(program, store, "--json").stdout)["slowest"][0]
    assert slowest["request_id"] == "req-slow" and slowest["dominant_phase"] == "queue"
    assert slowest["share"] == pytest.approx(0.75)
    assert slowest["reason"] == "75 % queue, 1.50 s: the engine had not taken it up yet"


def test_the_phases_add_up(program, store):
    d = json.loads(report(program, store, "--json").stdout)
    assert sum(phase["share"] for phase in d["phases"] if phase["share"] is not None) == pytest.approx(1)


def test_a_refused_prompt_says_how_large_a_context_it_needs(program, store, tmp_path):
    shutil.copytree(store, tmp_path / "refused")
    execute(tmp_path / "refused" / "telemetry.duckdb", """
        INSERT INTO requests BY NAME SELECT 'req-long' AS request_id, repeat('d', 32) AS trace_id, 'POST' AS method,
          1767225614000000000 AS start_unix_ns, '/v1/chat/completions' AS route, 'chat' AS operation, false AS stream,
          400 AS http_status, '400' AS error_type, 2000000 AS total_ns, 50 AS max_tokens,
          'request (20031 tokens) exceeds the available context size (2048 tokens), try increasing it' AS error_message""")
    (advice,) = [a for a in json.loads(report(program, tmp_path / "refused", "--json").stdout)["advice"] if a["topic"] == "context"]
    assert "needs 20081 positions" in advice["action"]
    assert "1 request refused for length" in advice["evidence"]


def test_nothing_in_the_window(program, store):
    done = report(program, store, "--since", "1ns")
    assert (done.returncode, done.stdout) == (0, "no inference requests in this time\n")
    d = json.loads(report(program, store, "--since", "1ns", "--json").stdout)
    assert d["requests"] == 0 and d["output_tokens_per_second"] is None and d["groups"] == []


@pytest.mark.parametrize(("slo", "met", "missed", "not_judged"), [
    ("ttft=50ms,tpot=35ms", 2, 4, 0),  # the plain answer's tokens are too slow, whatever its first one was
    ("ttft=50ms", 2, 3, 1),  # a plain answer has no time to first token
    ("e2e=1s", 4, 2, 0),
    ("ttft=1m,tpot=1m,e2e=1m", 4, 1, 1),
])
def test_goodput_under_a_service_level(program, store, slo, met, missed, not_judged):
    d = json.loads(report(program, store, "--slo", slo, "--json").stdout)
    assert [d["slo"][name] for name in ("met", "missed", "not_judged")] == [met, missed, not_judged]
    assert d["slo"]["share"] == pytest.approx(met / (met + missed))
    assert d["goodput_rps"] == pytest.approx(met / 11.003)
    assert [group["slo"]["met"] for group in d["groups"]] == [4, 0] if slo == "e2e=1s" else True
    assert f"{met} of {met + missed}" in report(program, store, "--slo", slo).stdout


@pytest.mark.parametrize("slo", ["", "ttft", "itl=5ms", "ttft=5", "ttft=1s,ttft=2s", "ttft=0"])
def test_a_service_level_that_means_nothing(program, store, slo):
    done = report(program, store, "--slo", slo)
    assert (done.returncode, done.stdout) == (2, "") and "--slo" in done.stderr


def test_prompts_computed_again(program, store):
    found = json.loads(report(program, store, "--json").stdout)["prompt_reuse"]
    assert found["computed_tokens"] == 8000 and found["recomputed_tokens"] == 2250
    assert found["recomputed_share"] == pytest.approx(2250 / 8000) and found["recomputed_ms"] == pytest.approx(2250)
    assert found["cacheable_tokens"] == 500 + 2250 and found["recomputed_held_tokens"] == 1000


def test_advice_has_its_evidence(program, store):
    advice = {one["topic"]: one for one in json.loads(report(program, store, "--json").stdout)["advice"]}
    assert set(advice) == {"cache_reuse", "cache_ram"}
    assert "3 copies of 1.0 MiB on average took 200 ms each, 300 ms at most" in advice["cache_ram"]["evidence"]
    assert "--cache-ram 0" in advice["cache_ram"]["action"]
    assert advice["cache_reuse"]["numbers"]["recomputed_tokens"] == 2250
