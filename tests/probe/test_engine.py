"""The engine does not notice: same answers, and it goes on whatever becomes of the ring and its readers."""

import mmap
import os
import shutil
import signal
import struct
import subprocess
from pathlib import Path

import pytest

from probe.conftest import SLOTS, attribution, probe_environment, turns
from support.engine import THREADS
from support.waiting import wait_until

CHAT = "/v1/chat/completions"
BODY = {"messages": [{"role": "user", "content": "word " * 20}], "temperature": 0, "max_tokens": 24,
        "cache_prompt": False, "seed": 1}


def answers(engine) -> list[str]:
    asked = [engine.fetch("POST", CHAT, {**BODY, "max_tokens": 5 + 9 * n}) for n in range(3)]
    return [answer.json["choices"][0]["message"]["content"] for answer in asked]


def recorded(instance) -> None:
    wait_until(lambda: "are recorded" in instance.log(), "the engine is seen with its probe", 10)


def test_same_tokens_with_and_without(foreign):
    plain = answers(foreign(probe=False))
    assert answers(foreign(probe=True)) == plain and any(plain)


def test_the_gateway_starts_anew_while_the_engine_runs(up, foreign):
    engine = foreign()
    first = up("--upstream", engine.url)
    recorded(first)
    assert first.fetch("POST", CHAT, BODY, [("X-Request-Id", "first")]).status == 200
    attribution(first, ["first"])
    first.stop()
    assert engine.fetch("POST", CHAT, BODY).status == 200  # nobody reads meanwhile
    second = up("--upstream", engine.url)
    recorded(second)
    assert second.fetch("POST", CHAT, BODY, [("X-Request-Id", "second")]).status == 200
    attribution(second, ["second"])
    found = turns(second, ["first", "second"])
    assert found["first"][0]["turn"] < found["second"][0]["turn"]
    assert found["first"][0]["decode_tokens"] == found["second"][0]["decode_tokens"] == 23
    unread = second.sql(f"SELECT sum(decode_tokens) AS n FROM step_members WHERE turn > {found['first'][0]['turn']} "
                        f"AND turn < {found['second'][0]['turn']}")
    assert unread[0]["n"] == 23, "what was done while nobody read is not lost"


def test_a_gateway_that_was_killed_is_followed_by_the_next(up, foreign):
    engine = foreign()
    first = up("--upstream", engine.url)
    recorded(first)
    first.kill()
    second = up("--upstream", engine.url)
    recorded(second)
    assert second.fetch("POST", CHAT, BODY, [("X-Request-Id", "after")]).status == 200
    attribution(second, ["after"])


def fill(ring: Path) -> None:
    """Makes every lane of the ring look full, as if nobody had read it for a long time (src/wire/probe_ring.h)."""
    lane_records, first_lane, lane_bytes, tail = 32768, 128, 128, 64
    with open(ring, "r+b") as file, mmap.mmap(file.fileno(), 4096) as header:
        for lane in range(4):
            at = first_lane + lane * lane_bytes
            written = struct.unpack_from("<Q", header, at)[0]
            struct.pack_into("<Q", header, at + tail, (written - lane_records) % 2**64)


def test_nobody_reads_and_the_ring_is_full(up, foreign, tmp_path):
    """The engine answers as before, and the next reader is told of the loss."""
    engine = foreign()
    folder = Path(probe_environment(tmp_path / "data")["LLAMATELEMETRY_PROBE_DIR"])
    fill(next(folder.glob("*.ring")))
    assert engine.fetch("POST", CHAT, BODY).status == 200
    instance = up("--upstream", engine.url)
    recorded(instance)
    lost = "SELECT count FROM losses WHERE name = 'probe_steps_dropped'"
    wait_until(lambda: instance.sql(lost)[0]["count"] >= 24, "the loss is counted", 10, every_s=0.2)
    assert instance.fetch("POST", CHAT, BODY, [("X-Request-Id", "room-again")]).status == 200
    attribution(instance, ["room-again"])


def test_the_engine_dies_and_starts_anew(up, llama_server, steady_model):
    instance = up("--model", str(steady_model), "--llama-server", str(llama_server), "--probe", "on",
                  engine_arguments=[*THREADS, *SLOTS])
    recorded(instance)
    assert instance.fetch("POST", CHAT, BODY, [("X-Request-Id", "before")]).status == 200
    engine = next(pid for pid in instance.descendants()
                  if "llama-server" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(engine, signal.SIGKILL)
    wait_until(lambda: instance.fetch("POST", CHAT, BODY, [("X-Request-Id", "later")]).status == 200,
               "the engine is back", 30, every_s=0.5)
    rows = attribution(instance, ["before", "later"])
    assert rows["before"]["engine_id"] != rows["later"]["engine_id"]
    folder = Path(probe_environment(instance.data)["LLAMATELEMETRY_PROBE_DIR"])
    assert len(list(folder.glob("*.ring"))) == 1, "the dead engine's ring is gone"
    instance.stop()
    assert not folder.exists()


def test_without_a_folder_it_stays_out_of_the_way(foreign, tmp_path):
    environment = probe_environment(tmp_path / "data")
    shutil.rmtree(environment["LLAMATELEMETRY_PROBE_DIR"])
    engine = foreign()
    shutil.rmtree(environment["LLAMATELEMETRY_PROBE_DIR"], ignore_errors=True)
    assert engine.fetch("POST", CHAT, BODY).status == 200


@pytest.mark.parametrize("mode", ["off", "auto", "on"])
def test_an_engine_that_cannot_be_looked_into(binary, tmp_path, tiny_model, mode):
    """A script: `auto` serves without, `on` says why not."""
    script = tmp_path / "llama-server"
    script.write_text("#!/bin/sh\necho started with LD_PRELOAD=$LD_PRELOAD >&2\nexit 3\n")
    script.chmod(0o755)
    done = subprocess.run([binary, "up", "--data", str(tmp_path / "data"), "--model", str(tiny_model), "--llama-server",
                           str(script), "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0", "--probe", mode],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert ("the probe cannot look into" in done.stderr) == (mode != "off")
    assert ("started with LD_PRELOAD=" in done.stderr) == (mode != "on")
