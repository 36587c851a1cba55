"""Streamed completions straight from llama-server: when each chunk came, and what the server itself timed."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import engine

CLIENTS = 8           # processes at most
CLIENTS_START = 1.0   # seconds that they have to start
LONGEST = 120.0       # seconds of an answer


def one(port: int, body: dict, seconds: float = LONGEST, path: str = "/completion") -> dict:
    """Times on time.monotonic(): `begun`, `chunks` (each with tokens), `ended`; `timings` as the server gives them.
    RuntimeError when the answer is not a whole stream."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        text = json.dumps({**body, "stream": True})
        found = {"begun": time.monotonic(), "chunks": [], "timings": None}
        connection.request("POST", path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"the stream failed with {answer.status}: {answer.read()[:300].decode(errors='replace')}")
        for line in answer:
            if not line.startswith(b"data: {"):
                continue
            if b'"timings"' in line:
                found["timings"] = json.loads(line[6:]).get("timings")
            else:
                found["chunks"].append(time.monotonic())
        found["ended"] = time.monotonic()
    except (OSError, http.client.HTTPException) as error:
        raise RuntimeError(f"the stream broke off: {error!r}") from error
    finally:
        connection.close()
    if not found["timings"] or not found["chunks"]:
        raise RuntimeError("the stream ended without the server's timings")
    return found


def together(port: int, bodies: list[dict], seconds: float = LONGEST) -> list[dict]:
    """All at once, one connection each; RuntimeError when any fails."""
    return side_by_side([lambda body=body: one(port, body, seconds) for body in bodies])


def keep_busy(port: int, streams: int, seconds: float, prompt: int, output: int, salt: int = 0,
              path: str = "/completion", shared: int = 0, vary: int = 0) -> list[dict]:
    """`streams` connections that send the next request when the last answer ends, until `seconds` are over. Requests in
    flight then run to their end. In several processes, since one of Python's would be the limit and not the GPU.
    `shared`: as in engine.request; answers are up to `vary` tokens longer or shorter, so that streams do not keep step."""
    at = time.monotonic() + CLIENTS_START
    clients = min(streams, CLIENTS)
    processes = []
    for client in range(clients):
        count = streams // clients + (client < streams % clients)
        numbers = (port, count, at, seconds, prompt, output, shared, vary, salt * CLIENTS + client)
        processes.append(subprocess.Popen([sys.executable, "-B", __file__, path, *map(str, numbers)], text=True,
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    return [answer for process in processes for answer in answers_of(process, seconds)]


def answers_of(client: subprocess.Popen, seconds: float) -> list[dict]:
    try:
        answers, said = client.communicate(timeout=CLIENTS_START + seconds + LONGEST)
    except subprocess.TimeoutExpired:
        client.kill()
        raise RuntimeError("a client did not end in time") from None
    if client.returncode:
        raise RuntimeError((said.strip().splitlines() or ["a client ended without an answer"])[-1])
    return json.loads(answers)


def client(path: str, port: int, streams: int, at: float, seconds: float, prompt: int, output: int, shared: int,
           vary: int, salt: int) -> list[dict]:
    """One process of keep_busy; begins at `at`."""
    lock, numbers = threading.Lock(), iter(range(10**9))

    def again() -> list[dict]:
        done = []
        while time.monotonic() < at + seconds:
            with lock:
                number = salt * 10_000 + next(numbers)
            length = output - vary + 37 * number % (2 * vary + 1)
            done.append(one(port, engine.request(prompt, length, number, shared), path=path))
        return done

    time.sleep(max(at - time.monotonic(), 0))
    return [answer for answers in side_by_side([again] * streams) for answer in answers]


def side_by_side(jobs: list[Callable[[], object]]) -> list:
    """What each gives, in their order; the first error of any, when all have ended."""
    results: list = [None] * len(jobs)
    errors: list[RuntimeError] = []

    def carry_out(index: int) -> None:
        try:
            results[index] = jobs[index]()
        except RuntimeError as error:
            errors.append(error)

    threads = [threading.Thread(target=carry_out, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def percentile(values: list[float], share: float) -> float | None:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)] if values else None


def gaps(answer: dict) -> list[float]:
    """Seconds between a stream's chunks."""
    return [later - earlier for earlier, later in zip(answer["chunks"], answer["chunks"][1:])]


def rates(answers: list[dict]) -> dict:
    """Tokens per second over all of them, by the wall clock: prompts from the first request to the last first token,
    output while all of them give some (None: they never do). And the server's own figures for a single stream."""
    begun, firsts = min(one["begun"] for one in answers), [one["chunks"][0] for one in answers]
    all_from, all_to = max(firsts), min(one["chunks"][-1] for one in answers)
    together = sum(all_from < chunk <= all_to for one in answers for chunk in one["chunks"])
    prompts = sum(one["timings"]["prompt_n"] for one in answers)
    output = sum(one["timings"]["predicted_n"] for one in answers)
    return {"prefill": prompts / (max(firsts) - begun),
            "decode": together / (all_to - all_from) if all_to > all_from else None,
            "server_prefill": answers[0]["timings"]["prompt_per_second"] if len(answers) == 1 else None,
            "server_decode": answers[0]["timings"]["predicted_per_second"] if len(answers) == 1 else None,
            "prompt_tokens": prompts, "output_tokens": output}


def under_load(answers: list[dict]) -> dict:
    """What the clients saw of a load without pause: output tokens per second, time to first token, gaps."""
    begun, ended = min(one["begun"] for one in answers), max(one["ended"] for one in answers)
    first = [one["chunks"][0] - one["begun"] for one in answers]
    between = [gap for answer in answers for gap in gaps(answer)]
    return {"requests": len(answers), "seconds": ended - begun,
            "tokens_per_second": sum(one["timings"]["predicted_n"] for one in answers) / (ended - begun),
            "ttft_ms_p50": milliseconds(percentile(first, 0.5)), "ttft_ms_p99": milliseconds(percentile(first, 0.99)),
            "gap_ms_p50": milliseconds(percentile(between, 0.5)), "gap_ms_p99": milliseconds(percentile(between, 0.99))}


def milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1e3


if __name__ == "__main__":
    path, port, streams, at, seconds, *sizes = sys.argv[1:]
    print(json.dumps(client(path, int(port), int(streams), float(at), float(seconds), *map(int, sizes))))
