"""The client sees the same bytes while the gateway asks the engine for slots and takes them out again."""

import pytest

from clients import normalise
from clients.test_byte_for_byte import CHAT, CHAT_VARIANTS, ODD_BODIES, OTHER_INFERENCE
from probe.conftest import SLOTS, forget_rings, probe_environment
from support.engine import DirectEngine
from support.http import RawConnection
from support.product import Up
from support.waiting import wait_until


@pytest.fixture(scope="module")
def both(binary, llama_server, tiny_model, tmp_path_factory):
    """An engine with the probe, and `up` before it."""
    folder = tmp_path_factory.mktemp("transparent")
    engine = DirectEngine(folder, tiny_model, SLOTS, probe_environment(folder / "data"))
    instance = Up(folder, ["--upstream", engine.url])
    wait_until(lambda: "are recorded" in instance.log(), "the engine is seen with its probe", 10)
    yield engine, instance
    instance.stop()
    engine.stop()
    forget_rings(folder / "data")


@pytest.fixture
def same(both):
    def ask(url, target, body):
        with RawConnection(url) as connection:
            return connection.request("POST", target, body)

    def compare(target, body):
        engine, instance = both
        direct, ours = ask(engine.url, target, body), ask(instance.gateway, target, body)
        assert ours.status == direct.status == 200 and ours.complete
        assert normalise.body(ours.body) == normalise.body(direct.body)
        assert normalise.headers(ours.headers) == normalise.headers(direct.headers)
        return ours

    return compare


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
@pytest.mark.parametrize("variant", list(CHAT_VARIANTS))
def test_chat(same, variant, stream):
    answer = same("/v1/chat/completions", {**CHAT, **CHAT_VARIANTS[variant], "stream": stream})
    assert b"id_slot" not in answer.body and b"__verbose" not in answer.body


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
@pytest.mark.parametrize("name", list(OTHER_INFERENCE))
def test_other_routes(same, name, stream):
    target, body = OTHER_INFERENCE[name]
    assert b"__verbose" not in same(target, {**body, "stream": stream}).body


@pytest.mark.parametrize("name", list(ODD_BODIES))
def test_odd_bodies(same, name):
    same("/v1/chat/completions", ODD_BODIES[name])


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
@pytest.mark.parametrize("wish", [{"verbose": True}, {"verbose": False}, {"response_fields": ["content"]},
                                  {"verbose": True, "response_fields": ["id_slot", "model"]}], ids=str)
def test_what_the_client_asked_for_itself_stays(same, wish, stream):
    answer = same("/v1/chat/completions", {**CHAT, **wish, "stream": stream})
    assert (b"__verbose" in answer.body) == wish.get("verbose", False)


def test_the_slot_was_asked_for_and_came(both, same):
    same("/v1/chat/completions", {**CHAT, "id_slot": 2, "max_tokens": 3})
    same("/v1/chat/completions", {**CHAT, "id_slot": 3, "max_tokens": 3, "stream": True})
    rows = wait_until(lambda: len(found := both[1].sql("SELECT slot FROM requests WHERE max_tokens = 3")) == 2 and found,
                      "both rows", 5, every_s=0.1)
    assert sorted(row["slot"] for row in rows) == [2, 3]
