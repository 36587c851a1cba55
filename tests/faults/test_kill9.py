"""`kill -9` of the whole program under load, then a new start on the same folder."""

import threading
import time

from faults.test_engine import alive, engine_pid
from support.engine import THREADS
from support.http import fetch, scripted_chat
from support.waiting import wait_until

DURABLE_WITHIN_S = 1.0


class Load:
    """Clients that send one request after the other and note when each one's answer was whole."""

    def __init__(self, url: str, body: dict, clients: int):
        self.finished: dict[str, float] = {}
        self._stop = threading.Event()
        self._url, self._body = url, body
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self, client: int) -> None:
        number = 0
        while not self._stop.is_set():
            tag = f"load-{client}-{number}"
            number += 1
            try:
                answer = fetch(self._url, "POST", "/v1/chat/completions", self._body, [("X-Request-Id", tag)])
            except (OSError, Exception):  # noqa: BLE001 - the program is being killed under us
                return
            if answer.status == 200 and answer.complete:
                self.finished[tag] = time.monotonic()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(10)


def test_everything_older_than_a_second_survives(up, scripted):
    instance = up("--upstream", scripted.url)
    load = Load(instance.gateway, scripted_chat(True, tokens=4), clients=4)
    time.sleep(4)
    killed = time.monotonic()
    instance.kill()
    load.stop()
    due = {tag for tag, at in load.finished.items() if at < killed - DURABLE_WITHIN_S}
    assert len(due) > 100, "too little load to prove anything"

    again = up("--upstream", scripted.url, data=instance.data)
    stored = [row["request_id"] for row in again.sql("SELECT request_id FROM requests")]
    assert len(stored) == len(set(stored)), "a row is there twice"
    missing = due - set(stored)
    assert not missing, f"{len(missing)} of {len(due)} rows lost, e.g. {sorted(missing)[:5]}"
    spans = {row["trace_id"] for row in again.sql("SELECT DISTINCT trace_id FROM spans")}
    traces = {row["trace_id"] for row in again.sql("SELECT trace_id FROM requests")}
    assert len(traces - spans) <= len(stored) - len(due), "requests without their spans"


def test_several_kills_in_a_row(up, scripted):
    """Also while the store recovers: it opens each time and never loses what it had."""
    instance = up("--upstream", scripted.url)
    counted = 0
    for _ in range(3):
        load = Load(instance.gateway, scripted_chat(False, tokens=1), clients=2)
        time.sleep(1.5)
        instance.kill()
        load.stop()
        instance = up("--upstream", scripted.url, data=instance.data)
        now = instance.sql("SELECT count(*) AS n FROM requests")[0]["n"]
        assert now > counted
        counted = now


def test_the_engine_ends_with_us(up, llama_server, tiny_model):
    """No orphan keeps the GPU: the engine dies when its parent is killed, and a new start gets its own."""
    arguments = ["--model", str(tiny_model), "--llama-server", str(llama_server)]
    instance = up(*arguments, engine_arguments=[*THREADS, "-c", "2048"])
    engine = engine_pid(instance)
    instance.kill()
    wait_until(lambda: not alive(engine), "the engine is gone", 5)
    again = up(*arguments, data=instance.data, engine_arguments=[*THREADS, "-c", "2048"])
    assert engine_pid(again) != engine
    body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 2}
    assert again.fetch("POST", "/v1/chat/completions", body).status == 200
