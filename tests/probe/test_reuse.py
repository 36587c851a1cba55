"""What of prompts is computed again: the hashes of their blocks beside the tokens that the engine itself names."""

import json
import subprocess

import pytest

from probe.conftest import SLOTS, turns
from support import places
from support.engine import THREADS
from support.product import Up
from support.waiting import wait_until

BLOCK = 32
COMPLETION = "/completion"


def ask(up, tag: str, prompt: str, slot: int | None = None, **more):
    body = {"prompt": prompt, "n_predict": 2, "temperature": 0, "cache_prompt": True, **more}
    if slot is not None:
        body["id_slot"] = slot
    answer = up.fetch("POST", COMPLETION, body, [("X-Request-Id", tag), ("User-Agent", "reuse-test")])
    assert answer.status == 200
    return answer


def reuse(up, tags: list[str]) -> dict[str, dict]:
    names = ",".join(f"'{tag}'" for tag in tags)
    query = f"SELECT * FROM prompt_reuse WHERE request_id IN ({names})"
    rows = wait_until(lambda: len(found := up.sql(query)) == len(tags) and found, f"rows of {tags}", 25, every_s=0.2)
    return {row["request_id"]: row for row in rows}


def run(up, *command: str) -> str:
    done = subprocess.run([places.product(), *command, "--data", str(up.data)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tokens(up, text: str) -> list[int]:
    return up.fetch("POST", "/tokenize", {"content": text, "add_special": True}).json["tokens"]


def shared(a: list[int], b: list[int]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


BEGIN = " ".join(f"rule {number} of the house" for number in range(60))
PROMPTS = {"first": f"{BEGIN} alpha", "elsewhere": f"{BEGIN} beta, and more", "same-slot": f"{BEGIN} alpha gamma",
           "other-0": "quite another text " * 40, "other-1": "and one more of them " * 30, "gone": f"{BEGIN} alpha"}
SLOT = {"first": 0, "elsewhere": 1, "same-slot": 0, "other-0": 0, "other-1": 1, "gone": 0}


@pytest.fixture(scope="module")
def probed(binary, llama_server, steady_model, tmp_path_factory):
    """An engine that keeps nothing of a slot that gets another prompt."""
    instance = Up(tmp_path_factory.mktemp("reuse"), ["--model", str(steady_model), "--llama-server", str(llama_server),
                  "--probe", "on"], engine_arguments=[*THREADS, *SLOTS, "--cache-ram", "0"])
    wait_until(lambda: "are recorded" in instance.log(), "the engine is seen with its probe", 10)
    yield instance
    instance.stop()


@pytest.fixture(scope="module")
def asked(probed):
    for tag, prompt in PROMPTS.items():
        ask(probed, tag, prompt, SLOT[tag])
    turns(probed, list(PROMPTS))
    return reuse(probed, list(PROMPTS))


def test_counts_are_the_engines_own(probed, asked):
    for tag, row in asked.items():
        request = probed.request_row(tag)
        assert row["prompt_tokens"] == request["input_tokens"] == len(tokens(probed, PROMPTS[tag])), tag
        assert row["cached_tokens"] == request["cached_tokens"], tag
        assert len(row["block_hashes"]) == row["prompt_tokens"] // BLOCK, tag


def test_equal_beginnings_have_equal_hashes(probed, asked):
    ids = {tag: tokens(probed, prompt) for tag, prompt in PROMPTS.items()}
    for a in PROMPTS:
        for b in PROMPTS:
            same = shared(asked[a]["block_hashes"], asked[b]["block_hashes"])
            assert same == shared(ids[a], ids[b]) // BLOCK, (a, b)


def test_what_was_computed_again(probed, asked):
    ids = {tag: tokens(probed, prompt) for tag, prompt in PROMPTS.items()}
    whole = shared(ids["first"], ids["elsewhere"]) // BLOCK * BLOCK
    assert whole > 200
    first, elsewhere, gone = asked["first"], asked["elsewhere"], asked["gone"]
    assert first["recomputed_tokens"] == 0
    assert elsewhere["recomputed_tokens"] == elsewhere["recomputed_held_tokens"] == whole
    assert asked["same-slot"]["cached_tokens"] > whole and asked["same-slot"]["recomputed_tokens"] == 0
    blocks = len(ids["gone"]) // BLOCK * BLOCK
    assert gone["recomputed_tokens"] == min(blocks, len(ids["gone"]) - 1) - gone["cached_tokens"]
    assert gone["recomputed_held_tokens"] == 0, "no slot held it any more"
    own = probed.sql("SELECT own_prefill_ns FROM attribution WHERE request_id = 'gone'")[0]["own_prefill_ns"]
    assert 0 < gone["recomputed_ns"] <= 1.5 * own


def test_report_and_graph_say_it(probed, asked):
    document = json.loads(run(probed, "report", "--json"))
    found = document["prompt_reuse"]
    assert found["recomputed_tokens"] >= asked["elsewhere"]["recomputed_tokens"] + asked["gone"]["recomputed_tokens"]
    assert found["cacheable_tokens"] == found["cached_tokens"] + found["recomputed_tokens"]
    client = next(row for row in found["by_client"] if row["user_agent"] == "reuse-test")
    assert client["recomputed_tokens"] == sum(row["recomputed_tokens"] for row in asked.values())
    text = run(probed, "report")
    assert f"{found['recomputed_tokens']} tokens prefilled again for nothing" in text and "reuse-test" in text
    graph = json.loads(run(probed, "graph", "prefix", "--algorithm", "components", "--json"))
    group = {row["id"]: row["component"] for row in graph["result"]}
    assert group["first"] == group["elsewhere"] == group["gone"]
    if "other-0" in group:
        assert group["other-0"] != group["first"]


def test_no_text_and_no_token_leaves_the_engine(probed, asked):
    """Hashes only: no table has the prompt, and the ring has none of its tokens in a row."""
    ids = tokens(probed, PROMPTS["first"])[10:16]
    pattern = b"".join(token.to_bytes(4, "little") for token in ids)
    environment = dict(line.split("=", 1) for line in run(probed, "probe", "print-env").splitlines())
    rings = list(places.Path(environment["LLAMATELEMETRY_PROBE_DIR"]).glob("*.ring"))
    assert rings
    for ring in rings:
        content = ring.read_bytes()
        assert pattern not in content and b"of the house" not in content


def test_states_that_come_back_from_memory(up, foreign):
    """One slot: each new prompt pushes the one before it into the engine's memory, and it comes back from there."""
    engine = foreign(arguments=["-np", "1", "-c", "4096", "--cache-ram", "512"])
    instance = up("--upstream", engine.url)
    wait_until(lambda: "are recorded" in instance.log(), "the engine is seen with its probe", 10)
    other = "quite another text " * 60
    for tag, prompt in {"kept": PROMPTS["first"], "between": other, "back": f"{PROMPTS['first']} again"}.items():
        ask(instance, tag, prompt)
    turns(instance, ["kept", "between", "back"])
    rows = reuse(instance, ["kept", "between", "back"])
    copies = instance.sql("SELECT operation, bytes, duration_ns FROM state_copies ORDER BY start_unix_ns")
    assert {"save", "load"} <= {row["operation"] for row in copies}
    assert all(row["bytes"] > 0 and row["duration_ns"] > 0 for row in copies)
    back, kept = rows["back"], rows["kept"]
    assert back["cached_tokens"] > 200 and back["recomputed_tokens"] == 0
    blocks = len(kept["block_hashes"]) - 1
    assert back["block_hashes"][:blocks] == kept["block_hashes"][:blocks]
    assert rows["between"]["recomputed_tokens"] == 0
    made = instance.sql("SELECT * FROM engines ORDER BY start_unix_ns DESC LIMIT 1")[0]
    assert made["context_tokens"] == 4096 and made["sequences"] == 1 and made["batch_tokens"] == 512
