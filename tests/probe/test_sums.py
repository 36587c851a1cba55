"""Every token of every request is found again in the engine's steps, and everything adds up."""

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from probe.conftest import attribution, turns
from support.http import RawConnection, request_bytes
from support.waiting import wait_until

CHAT = "/v1/chat/completions"
PARTS = ("queue_ns", "own_prefill_ns", "own_decode_ns", "others_prefill_ns", "others_decode_ns", "engine_gap_ns")


def chat(words: int, **more) -> dict:
    return {"messages": [{"role": "user", "content": "word " * words}], "temperature": 0, "cache_prompt": False,
            **more}


# One request of each kind; several of some, alike, at once.
MIXED = {
    "streamed": (CHAT, chat(30, stream=True, max_tokens=12)),
    "plain": (CHAT, chat(40, max_tokens=9)),
    "one-token": (CHAT, chat(10, max_tokens=1)),
    "long": (CHAT, chat(900, stream=True, max_tokens=4)),
    "alike-1": (CHAT, chat(25, max_tokens=6)),
    "alike-2": (CHAT, chat(25, max_tokens=6)),
    "alike-3": (CHAT, chat(25, stream=True, max_tokens=6)),
    "alike-4": (CHAT, chat(25, stream=True, max_tokens=6)),
    "completion": ("/v1/completions", {"prompt": "word " * 20, "max_tokens": 7, "temperature": 0, "stream": True,
                                       "cache_prompt": False}),
    "native": ("/completion", {"prompt": "word " * 21, "n_predict": 5, "temperature": 0, "cache_prompt": False}),
    "messages": ("/v1/messages", {"messages": [{"role": "user", "content": "word " * 35}], "max_tokens": 8,
                                  "temperature": 0, "cache_prompt": False}),
}


@pytest.fixture(scope="session")
def old_release(llama_server) -> bool:
    """Before August 2025: it may have no /v1/messages, and one choice only, and not say who is in which slot before the answer
    ends (scripts/probe-versions)."""
    said = subprocess.run([llama_server, "--help"], capture_output=True, text=True, timeout=60)
    assert "--flash-attn" in said.stdout
    return "[on|off|auto]" not in said.stdout


def send(up, tag: str):
    target, body = MIXED[tag]
    return up.fetch("POST", target, body, [("X-Request-Id", tag)])


def check_sums(up) -> None:
    """What holds for every step, member and request in the store."""
    bad = up.sql("""SELECT s.engine_id, s.step FROM steps s JOIN step_members m USING (engine_id, step)
                    GROUP BY ALL HAVING sum(m.prefill_tokens + m.decode_tokens) <> any_value(s.tokens)
                    OR count(*) <> any_value(s.sequences)
                    OR sum(m.share_ns) <> any_value(greatest(s.return_ns, coalesce(s.sync_ns, 0)))""")
    assert not bad
    assert not up.sql(f"SELECT * FROM attribution WHERE {' + '.join(PARTS)} <> upstream_ns OR stalled_ns > "
                      f"others_prefill_ns")
    assert not up.sql("SELECT * FROM attribution a JOIN requests r USING (request_id, start_unix_ns) "
                      "WHERE a.upstream_ns <> r.upstream_ns OR a.slot <> r.slot")
    for name in ("probe_steps_dropped", "probe_records_invalid"):
        assert up.sql(f"SELECT count FROM losses WHERE name = '{name}'")[0]["count"] == 0


def test_tokens_of_a_mixed_run(probed, old_release):
    with ThreadPoolExecutor(len(MIXED)) as pool:
        answers = dict(zip(MIXED, pool.map(lambda tag: send(probed, tag), MIXED)))
    tags = [tag for tag in MIXED if not (old_release and tag == "messages" and answers[tag].status == 404)]
    assert all(answers[tag].status == 200 for tag in tags)
    unlike = [tag for tag in tags if not tag.startswith("alike")]
    # Older releases name the slot in native answers only: requests that are alike, and at work at the same time, are
    # then left without steps.
    if attribution(probed, unlike)["streamed"]["rule"] != "slot":
        tags = unlike
    rules = {tag: at["rule"] for tag, at in attribution(probed, tags).items()}
    assert tags == unlike or {tag for tag, rule in rules.items() if rule != "slot"} == {"messages"}
    found = turns(probed, tags)
    for tag in tags:
        row = probed.request_row(tag)
        assert len(found[tag]) == 1, found[tag]
        turn = found[tag][0]
        assert turn["prefill_tokens"] == row["input_tokens"] - row["cached_tokens"], tag
        assert turn["decode_tokens"] == row["output_tokens"] - 1, tag  # the last one is not computed again
        assert turn["slot"] == row["slot"]
    check_sums(probed)


def test_a_prompt_from_the_cache(probed):
    body = chat(60, max_tokens=3, cache_prompt=True)
    for tag in ("fresh", "again"):
        assert probed.fetch("POST", CHAT, body, [("X-Request-Id", tag)]).status == 200
    row = probed.request_row("again")
    turn = turns(probed, ["fresh", "again"])["again"][0]
    assert turn["cached_tokens"] > 0
    assert row["cached_tokens"] == turn["cached_tokens"]
    assert turn["prefill_tokens"] == row["input_tokens"] - turn["cached_tokens"]
    assert turn["decode_tokens"] == 2


def test_several_choices(probed, old_release):
    answer = probed.fetch("POST", CHAT, chat(50, n=3, max_tokens=5, temperature=1, seed=1), [("X-Request-Id", "choices")])
    if old_release and "Only one completion choice" in str(answer.body):
        pytest.skip("this release makes one choice only")
    assert answer.status == 200 and len(answer.json["choices"]) == 3
    attribution(probed, ["choices"])
    row = probed.request_row("choices")
    found = turns(probed, ["choices"], at_least=3)["choices"]
    assert len(found) == 3 and len({turn["slot"] for turn in found}) == 3
    assert sum(turn["prefill_tokens"] for turn in found) == row["input_tokens"]
    # llama-server's usage counts the tokens of one choice; the steps know all of them.
    assert row["output_tokens"] == 5 and [turn["decode_tokens"] for turn in found] == [4, 4, 4]
    check_sums(probed)


def test_a_cancelled_answer(probed, old_release):
    """The client leaves in the middle: the engine says nothing of the slot any more, and the steps still tell."""
    assert probed.fetch("POST", CHAT, chat(12, max_tokens=2), [("X-Request-Id", "whole")]).status == 200
    with RawConnection(probed.gateway) as connection:
        connection.send(request_bytes("POST", CHAT, chat(45, stream=True, max_tokens=4000), [("X-Request-Id", "left")]))
        connection.stream_until(connection.head(), b'"content":"')
    if old_release and attribution(probed, ["whole"])["whole"]["rule"] != "slot":
        pytest.skip("this release names the slot in native answers only, when they are whole")
    attribution(probed, ["left"])
    row = probed.request_row("left")
    turn = turns(probed, ["left"])["left"][0]
    assert row["error_type"] == "client_disconnected"
    assert turn["prefill_tokens"] > 45 and 0 < turn["decode_tokens"] < 3000
    assert attribution(probed, ["left"])["left"]["slot"] == turn["slot"]


def test_requests_past_us_are_nobodys(probed):
    """The engine's own warm-up is no request of ours."""
    nobodys = "SELECT slot, prefill_tokens FROM turns WHERE request_id IS NULL ORDER BY turn LIMIT 1"
    found = wait_until(lambda: probed.sql(nobodys), "turns of nobody's", 20, every_s=0.5)
    assert found == [{"slot": 0, "prefill_tokens": 2}]


def test_a_mixed_run_with_comings_and_goings(probed):
    """A few hundred requests, some of them cancelled: sums hold, and no request gets another's tokens."""
    tags, lock = [], threading.Lock()

    def one(number: int) -> None:
        tag = f"crowd-{number}"
        body = chat(5 + number % 37, max_tokens=1 + number % 5, stream=number % 2 == 0)
        if number % 7 == 3:
            with RawConnection(probed.gateway) as connection:
                connection.send(request_bytes("POST", CHAT, {**body, "max_tokens": 500, "stream": True},
                                              [("X-Request-Id", tag)]))
                connection.head()
            return
        assert probed.fetch("POST", CHAT, body, [("X-Request-Id", tag)]).status == 200
        with lock:
            tags.append(tag)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(one, range(84)))
    assert len(tags) == 72
    attribution(probed, tags)
    turns(probed, tags)
    wrong = probed.sql("""
        SELECT r.request_id FROM requests r LEFT JOIN turns t USING (request_id)
        WHERE r.request_id LIKE 'crowd-%' AND r.error_type IS NULL
        GROUP BY r.request_id, r.input_tokens, r.cached_tokens, r.output_tokens
        HAVING count(t.turn) <> 1 OR sum(t.prefill_tokens) <> r.input_tokens - r.cached_tokens
            OR sum(t.decode_tokens) <> r.output_tokens - 1""")
    assert not wrong
    check_sums(probed)


@pytest.mark.parametrize("inputs", [["word " * 30], ["word " * 30, "word " * 12, "one"]], ids=["one", "three"])
def test_embeddings(up, binary, foreign, tmp_path, inputs):
    engine = foreign(arguments=["--embeddings", "--pooling", "mean"])
    instance = up("--upstream", engine.url)
    wait_until(lambda: "are recorded" in instance.log(), "the engine is seen with its probe", 10)
    answer = instance.fetch("POST", "/v1/embeddings", {"input": inputs}, [("X-Request-Id", "embed")])
    assert answer.status == 200
    attribution(instance, ["embed"])
    found = turns(instance, ["embed"], at_least=len(inputs))["embed"]
    row = instance.request_row("embed")
    assert sum(turn["prefill_tokens"] for turn in found) == row["input_tokens"]
    assert sum(turn["decode_tokens"] for turn in found) == 0


def behind(up, engine):
    """`up` before this engine, looking into it."""
    instance = up("--upstream", engine.url)
    wait_until(lambda: "are recorded" in instance.log(), "the engine is seen with its probe", 10)
    return instance


def test_a_context_that_is_shifted(up, foreign):
    """More tokens than the slot holds: it drops older ones and goes on."""
    instance = behind(up, foreign(arguments=["-c", "1024"], environment={"LLAMA_ARG_CONTEXT_SHIFT": "1"}))
    for number in range(2):
        body = chat(20 + number, max_tokens=400, ignore_eos=True)
        assert instance.fetch("POST", CHAT, body, [("X-Request-Id", f"shift-{number}")]).status == 200
    found = turns(instance, ["shift-0", "shift-1"])
    for number in range(2):
        row = instance.request_row(f"shift-{number}")
        turn = found[f"shift-{number}"][0]
        assert turn["prefill_tokens"] == row["input_tokens"] and turn["decode_tokens"] == row["output_tokens"] - 1 == 399
    check_sums(instance)


@pytest.mark.parametrize("draft", ["itself", "another"])
def test_speculation(up, foreign, steady_model, drafting_model, draft):
    """A draft model whose tokens are all accepted, and one whose tokens are mostly rejected."""
    model = steady_model if draft == "itself" else drafting_model
    instance = behind(up, foreign(arguments=["--model-draft", str(model), "--spec-type", "draft-simple",
                                             "--spec-draft-n-max", "3", "--spec-draft-p-min", "0", "-td", "1"]))
    tags = ["spec-0", "spec-1"]
    for number, tag in enumerate(tags):
        body = chat(20 + number, max_tokens=40, ignore_eos=True)
        assert instance.fetch("POST", CHAT, body, [("X-Request-Id", tag)]).status == 200
    found = turns(instance, tags)
    for tag in tags:
        row, turn = instance.request_row(tag), found[tag][0]
        rejected = row["draft_tokens"] - row["draft_tokens_accepted"]
        assert row["draft_tokens"] > 10 and (rejected == 0) == (draft == "itself")
        assert turn["prefill_tokens"] == row["input_tokens"]
        assert turn["decode_tokens"] == row["output_tokens"] - 1 + rejected
        assert turn["draft_tokens"] > 0
    check_sums(instance)
