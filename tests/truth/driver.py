"""Sends scripted requests through the gateway and pairs each stored row with the engine's own log entry."""

import itertools
import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Callable, Iterable

from support.http import RawConnection, scripted_chat
from support.product import Up
from support.scripted import Scripted
from support.waiting import wait_until
from truth.wakeups import WakeUps

MILLISECOND = 1_000_000
TOLERANCE_MS = 1.0  # beyond what the machine needs to wake a process, measured during the batch
_numbers = itertools.count(1)


def next_tag(prefix: str = "truth") -> str:
    return f"{prefix}-{next(_numbers)}"


def send(up: Up, tag: str, stream: bool, path: str = "/v1/chat/completions", more: dict | None = None, **script):
    """One request on a new connection; the tag is its X-Request-Id as well. Returns the response."""
    body = {**scripted_chat(stream, tag=tag, **script), **(more or {})}
    if path != "/v1/chat/completions":
        body["prompt"] = "hi"
        del body["messages"]
    with RawConnection(up.gateway, 30) as connection:
        return connection.request("POST", path, body, [("X-Request-Id", tag)])


def rows_of(up: Up, tags: list[str], table_columns: str = "*") -> dict[str, dict]:
    """The stored rows of these requests, once all are there."""
    wanted = ",".join(f"'{tag}'" for tag in tags)

    def all_there():
        found = up.sql(f"SELECT {table_columns} FROM requests WHERE request_id IN ({wanted})")
        return found if len(found) >= len(tags) else None

    rows = wait_until(all_there, f"rows of {len(tags)} requests", 10, every_s=0.2)
    assert len(rows) == len(tags)
    return {row["request_id"]: row for row in rows}


def timed_send(up: Up, tag: str, stream: bool, script: dict) -> int:
    """Sends and returns how long it took as the client saw it, in nanoseconds."""
    began = time.monotonic_ns()
    answer = send(up, tag, stream, **script)
    ended = time.monotonic_ns()
    assert answer.status == 200 and answer.complete
    return ended - began


@dataclass
class Batch:
    pairs: list[tuple]  # (stored row, the engine's log entry with the client's own time in `client_ns`)
    tolerance_ms: float

    def __iter__(self):
        return iter(self.pairs)


def run_batch(up: Up, scripted: Scripted, stream: bool, count: int, at_once: int, seed: int) -> Batch:
    """`count` requests with random delays, `at_once` of them at a time."""
    rng = random.Random(seed)
    scripts = {next_tag(): {"queue_ms": rng.uniform(2, 60), "prefill_ms": rng.uniform(2, 60),
                            "token_ms": rng.uniform(2, 12), "tokens": rng.randint(2, 8)} for _ in range(count)}
    with WakeUps() as wake_ups, ThreadPoolExecutor(at_once) as pool:
        seen = dict(zip(scripts, pool.map(lambda item: timed_send(up, item[0], stream, item[1]), scripts.items())))
    rows = rows_of(up, list(scripts))
    log = {entry["tag"]: {**entry, "client_ns": seen.get(entry["tag"])} for entry in scripted.log()}
    return Batch([(rows[tag], log[tag]) for tag in scripts], TOLERANCE_MS + wake_ups.median_ms)


class Batches:
    """The four kinds of batch, measured when first asked for and then judged by many tests."""

    ATTEMPTS = 3

    def __init__(self, up: Up, scripted: Scripted):
        self._up, self._scripted, self._measured = up, scripted, {}

    def __getitem__(self, key: tuple[str, int]) -> Batch:
        return self._measured[key] if key in self._measured else self._measure(*key)

    def _measure(self, kind: str, at_once: int) -> Batch:
        batch = run_batch(self._up, self._scripted, kind == "streamed", 32, at_once, seed=at_once)
        self._measured[kind, at_once] = batch
        return batch

    def assert_error(self, kind: str, at_once: int, error_ms: Callable[[Batch], float]) -> None:
        """Within the tolerance. A batch beyond it is measured anew: whoever else wanted the processors in those
        seconds is gone the next time, a wrong measurement is not."""
        seen = []
        for attempt in range(self.ATTEMPTS):
            batch = self._measure(kind, at_once) if attempt else self[kind, at_once]
            error = error_ms(batch)
            if error < batch.tolerance_ms:
                return
            seen.append(f"{error:.3f} of {batch.tolerance_ms:.3f} ms")
        raise AssertionError(f"{kind}, {at_once} at once, is off in every batch: {', '.join(seen)}")


def median_error_ms(pairs: Iterable[tuple], measured, true) -> float:
    """Median of |measured - true|; NULL where a value belongs is an error of the product."""
    errors = []
    for row, entry in pairs:
        value = measured(row)
        assert value is not None, f"NULL for {row['request_id']}: {row}"
        errors.append(abs(value - true(entry)) / MILLISECOND)
    return statistics.median(errors)
