"""Metrics of GPUs at a real Collector: names, units, kinds and labels of the conventions for hardware. The cards are a
stand-in for the driver's library, since a machine without any must be able to tell whether they would arrive."""

import pytest

from collector import conventions
from collector.sink import attributes
from support import nvml
from support.engine import THREADS
from support.product import Up
from support.waiting import wait_until

MIB = 1 << 20
BUSY = nvml.Card(used=2048 * MIB, utilization=87, milliwatts=68_500, millijoules=1_234_500, celsius=71, throttle=0x4)


@pytest.fixture(scope="module", params=["http/protobuf", "grpc"])
def found(request, binary, collector_and_sink, tiny_model, llama_server, tmp_path_factory):
    """The metrics of two cards, one of them busy, as the Collector received them."""
    collector, sink = collector_and_sink
    folder = tmp_path_factory.mktemp("hardware")
    driver = nvml.driver(folder / "nvml", BUSY, nvml.Card())
    engine = nvml.with_cuda(folder, llama_server)
    sink.metrics.clear()
    up = Up(folder, ["--model", str(tiny_model), "--llama-server", str(engine)],
            {**collector.environment(request.param), **driver.environment()},
            engine_arguments=[*THREADS, "-np", "1", "-c", "512"])
    yield wait_until(lambda: conventions.HARDWARE.keys() <= sink.metrics.keys() and dict(sink.metrics),
                     "the metrics of the cards", 20)
    up.stop()


def test_names_units_and_kinds(found):
    for name, (unit, kind) in conventions.HARDWARE.items():
        assert (found[name].unit, found[name].kind) == (unit, kind), name


def test_every_point_says_which_card(found):
    for name in conventions.HARDWARE:
        cards = {attributes(point)["hw.id"]: attributes(point) for point in found[name].points}
        assert set(cards) == {"GPU-fake-0", "GPU-fake-1"}, name
        assert cards["GPU-fake-0"]["hw.name"] == "GPU 0" and cards["GPU-fake-1"]["hw.name"] == "GPU 1"
        for card in cards.values():
            assert (card["hw.vendor"], card["hw.model"]) == ("NVIDIA", "Tesla T4")
            assert card["hw.driver_version"] == "580.00"


def value(metric, card: str) -> float:
    point = metric.point(hw__id=card)
    return float(point["asDouble"]) if "asDouble" in point else int(point["asInt"])


def test_values_are_the_drivers(found):
    assert value(found["hw.gpu.utilization"], "GPU-fake-0") == 0.87
    assert value(found["hw.gpu.memory.usage"], "GPU-fake-0") == 2048 * MIB
    assert value(found["hw.gpu.memory.limit"], "GPU-fake-0") == 15 << 30
    assert value(found["hw.power"], "GPU-fake-0") == 68.5
    assert value(found["hw.energy"], "GPU-fake-0") == 1234.5
    assert value(found["hw.temperature"], "GPU-fake-0") == 71
    assert value(found["hw.gpu.utilization"], "GPU-fake-1") == 0


def test_what_the_card_does_not_tell_is_absent(found):
    assert "hw.gpu.io" not in found and "hw.errors" not in found
