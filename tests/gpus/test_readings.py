"""What the driver says arrives in the store, in status, in /metrics and on the page; what it does not say is absent."""

import time
import urllib.request

import pytest

from engine.console import status
from support import nvml
from support.waiting import wait_until

MIB = 1 << 20
BUSY = nvml.Card(used=2048 * MIB, utilization=87, activity=40, milliwatts=68_500, millijoules=1_234_500, celsius=71,
                 sm_mhz=1590, throttle=0x4)


@pytest.fixture
def cards(tmp_path):
    return nvml.driver(tmp_path / "nvml", BUSY, nvml.Card())


def page(instance) -> str:
    with urllib.request.urlopen(f"{instance.console}/metrics", timeout=10) as answer:
        return answer.read().decode()


def value(text: str, name: str, *labels: str) -> float:
    lines = [line for line in text.splitlines() if line.startswith(name + "{") and all(label in line for label in labels)]
    assert len(lines) == 1, (name, labels, lines)
    return float(lines[0].rsplit(" ", 1)[1])


def test_readings_are_stored_ten_times_a_second(serve, cards):
    instance = serve(cards)
    wait_until(lambda: instance.sql("SELECT count(*) AS n FROM gpu_samples")[0]["n"] >= 60, "60 readings", 15, every_s=0.3)
    row = instance.sql("SELECT * FROM gpu_samples WHERE gpu = 0 ORDER BY unix_ns DESC LIMIT 1")[0]
    assert (row["utilization"], row["memory_activity"], row["power_watts"]) == (0.87, 0.4, 68.5)
    assert (row["memory_used_bytes"], row["memory_reserved_bytes"]) == (2048 * MIB, 300 * MIB)
    assert (row["temperature_celsius"], row["sm_clock_hz"]) == (71, 1_590_000_000)
    energy = instance.sql("SELECT max(energy_joules) AS j, count(energy_joules) AS n, count(*) AS rows FROM gpu_samples "
                          "WHERE gpu = 0")[0]
    assert energy["j"] == 1234.5 and 0 < energy["n"] <= energy["rows"] / 5  # the driver takes long over it: once a second
    assert row["throttle_reasons"] == 4 and row["ecc_corrected"] is None and row["pcie_transmit_bytes_per_second"] is None
    gaps = instance.sql("SELECT median(gap) AS ms FROM (SELECT (unix_ns - lag(unix_ns) OVER (ORDER BY unix_ns)) / 1e6 AS gap "
                        "FROM gpu_samples WHERE gpu = 0)")[0]["ms"]
    assert 90 < gaps < 160
    roles = instance.sql("SELECT gpu, role, name, driver, planned_bytes FROM gpus ORDER BY gpu")
    assert [row["role"] for row in roles] == ["engine", "analytics"] and roles[0]["name"] == "Tesla T4"
    assert roles[0]["planned_bytes"] > 0 and roles[0]["driver"] == "580.00"


def test_readings_in_status_and_metrics(serve, cards):
    instance = serve(cards)
    gpu = wait_until(lambda: [g for g in status(instance)["gpus"] if g.get("power_watts")], "a reading", 5)[0]
    assert (gpu["utilization"], gpu["throttled_by"], gpu["temperature_celsius"]) == (0.87, "power_cap", 71)
    text = page(instance)
    first = ('hw_id="GPU-fake-0"', 'hw_name="GPU 0"', 'hw_vendor="NVIDIA"', 'hw_model="Tesla T4"')
    assert value(text, "hw_gpu_utilization_ratio", *first) == 0.87
    assert value(text, "hw_gpu_memory_usage_bytes", *first) == 2048 * MIB
    assert value(text, "hw_gpu_memory_limit_bytes", *first) == 15 << 30
    assert value(text, "hw_power_watts", *first, 'hw_type="gpu"') == 68.5
    assert value(text, "hw_energy_joules_total", *first) == 1234.5
    assert value(text, "hw_temperature_celsius", *first) == 71
    assert value(text, "llamatelemetry_gpu_throttled_ratio", *first) == 1
    assert value(text, "llamatelemetry_gpu_throttled_ratio", 'hw_name="GPU 1"') == 0
    assert "hw_gpu_io" not in text.replace("# HELP hw_gpu_io", "").replace("# TYPE hw_gpu_io", "")


def test_an_old_driver_leaves_gaps(serve, tmp_path):
    instance = serve(nvml.driver(tmp_path / "nvml", BUSY, only_the_needed=True))
    row = wait_until(lambda: instance.sql("SELECT * FROM gpu_samples LIMIT 1"), "a reading", 5, every_s=0.2)[0]
    assert row["memory_used_bytes"] == 2348 * MIB  # with what the driver keeps: it does not tell them apart
    assert all(row[name] is None for name in ("utilization", "power_watts", "energy_joules", "sm_clock_hz"))
    gpu = status(instance)["gpus"][0]
    assert gpu["power_watts"] is None and gpu["utilization"] is None and gpu["throttled_by"] is None


def test_a_lost_card_stops_nothing(serve, cards):
    instance = serve(cards)
    wait_until(lambda: instance.sql("SELECT 1 FROM gpu_samples LIMIT 1"), "a reading", 5, every_s=0.2)
    cards.lost = [0]
    cards.write()
    wait_until(lambda: instance.sql("SELECT 1 FROM gpu_samples WHERE gpu = 0 AND power_watts IS NULL LIMIT 1"),
               "a reading without values", 5, every_s=0.2)
    answer = instance.fetch("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}], "max_tokens": 2})
    assert answer.status == 200


def test_rate_of_none_reads_nothing(serve, cards):
    instance = serve(cards, "--gpu-rate", "0")
    assert instance.sql("SELECT count(*) AS n FROM gpu_samples")[0]["n"] == 0
    assert "power_watts" not in status(instance)["gpus"][0]


def test_without_a_gpu_nothing_is_shown_as_zero(up, llama_server, tiny_model):
    instance = up("--model", str(tiny_model), "--llama-server", str(llama_server), engine_arguments=["-t", "1", "-c", "512"])
    assert status(instance)["gpus"] == [] or status(instance)["gpus"][0]["uuid"]
    if not status(instance)["gpus"]:
        assert not [line for line in page(instance).splitlines() if line.startswith("hw_")]


def test_energy_is_shared_among_the_requests(serve, cards):
    """The counter of the engine's card goes up while requests run one after the other: the report gives them what
    was drawn while they were at the engine, and no more than was drawn."""
    instance = serve(cards)
    body = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 32, "ignore_eos": True}
    for _ in range(40):
        assert instance.fetch("POST", "/v1/chat/completions", body).status == 200
        cards.cards[0].millijoules += 500
        cards.cards[1].millijoules += 9000  # the other card is none of the engine's
        cards.write()
        time.sleep(0.08)
    time.sleep(1.2)  # a second is complete when the next one was read
    energy = wait_until(lambda: instance.report()["energy"], "energy in the report", 8)
    assert 0.4 * 20 < energy["joules"] <= energy["total_joules"] + 1e-9 and energy["total_joules"] <= 20
    requests = energy["joules_per_request"]
    assert requests["count"] <= 40 and requests["mean"] * requests["count"] == pytest.approx(energy["joules"])
    assert energy["joules_per_output_token"] == pytest.approx(energy["joules"] / (requests["count"] * 32))
    text = instance.command("report")
    assert "J per output token" in text


def test_speed_stands_beside_its_bound(serve, cards):
    instance = serve(cards)
    body = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 32, "ignore_eos": True}
    assert instance.fetch("POST", "/v1/chat/completions", body).status == 200
    report = wait_until(lambda: (r := instance.report())["requests"] and r, "a report", 5, every_s=0.2)
    bounds = report["bounds"]
    assert bounds["decode_share"] == pytest.approx(report["decode_tokens_per_second"] / bounds["decode_tokens_per_second"])
    assert "of that were reached" in instance.command("report")
