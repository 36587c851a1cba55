"""Somebody who analyses while others are served: commands on the store of the running instance, and the console's pages
and graphs, over and over."""

import json
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from statistics import median

# No betweenness: such a graph soon has more shortest paths than cuGraph can count.
GRAPHS = (("interference", "pagerank"), ("interference", "louvain"), ("interference", "leiden"), ("prefix", "components"),
          ("services", "pagerank"), ("trace", "layout"))
PICTURES = (("interference", "louvain"), ("trace", "pagerank"), ("prefix", "components"), ("model", "kcore"))
PAGES = ("/", "/requests", "/trace", "/graph", "/sql", "/metrics", "/api/v1/status", "/api/v1/requests?limit=100",
         "/api/v1/heatmap", "/api/v1/traces")
LONGEST = 60.0     # seconds of one question
PAGE_EVERY = 2.0   # seconds between pages


class Analyst:
    """Asks from when it is entered until it is left; what is under way then ends first. `answers` has one entry for each
    question: `what`, `at`, `seconds`, `backend` (null: it has none) and `error` (empty: none)."""

    def __init__(self, binary: Path, data: Path, console: int, backend: str, environment: dict[str, str]):
        self.binary, self.data, self.console, self.backend, self.environment = binary, data, console, backend, environment
        self.answers: list[dict] = []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.again, args=each) for each in (
            (self.commands(), 0.0), ([self.picture(*one) for one in PICTURES], 0.0),
            ([self.page(path) for path in PAGES], PAGE_EVERY))]

    def __enter__(self) -> "Analyst":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def again(self, questions: list[tuple[str, Callable[[int], dict]]], pause: float) -> None:
        number = 0
        while not self.ended.is_set():
            what, ask = questions[number % len(questions)]
            number += 1
            begun, at = time.monotonic(), time.time()
            found = {"what": what, "at": at, "backend": None, "error": ""}
            try:
                found.update(ask(number))
            except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
                found["error"] = str(error) or repr(error)
            found["seconds"] = round(time.monotonic() - begun, 3)
            self.answers.append(found)
            self.ended.wait(pause or 0.01)

    def commands(self) -> list[tuple[str, Callable[[int], dict]]]:
        """Those of `graph`, and of `analyze` where it knows back ends."""
        return [self.graph(kind, algorithm) for kind, algorithm in GRAPHS] + self.tables()

    def graph(self, kind: str, algorithm: str) -> tuple[str, Callable[[int], dict]]:
        words = ["graph", kind, "--algorithm", algorithm, "--backend", self.backend, "--json"]
        return " ".join(words[:-1]), lambda _: self.graph_answer(self.said(words))

    @staticmethod
    def graph_answer(text: str) -> dict:
        answer = json.loads(text)
        return {key: answer[key] for key in ("backend", "version", "elapsed_ms", "nodes", "edges")}

    def tables(self) -> list[tuple[str, Callable[[int], dict]]]:
        if "--backend" not in self.run(["analyze", "--help"]).stdout:
            return []
        questions = (("group", "--value", "ttft_ns/1e6", "--by", "model"),
                     ("group", "--from", "gpu_samples", "--value", "power_watts", "--by", "gpu"),
                     ("anomalies", "--value", "total_ns/1e6"))
        return [self.table(["analyze", *words, "--backend", self.backend]) for words in questions]

    def table(self, words: list[str]) -> tuple[str, Callable[[int], dict]]:
        def ask(_: int) -> dict:
            return {"backend": self.backend, "bytes": len(self.said([*words, "--format", "json"]))}
        return " ".join(words), ask

    def run(self, words: list[str]) -> subprocess.CompletedProcess:
        return subprocess.run([self.binary, *words], capture_output=True, text=True, check=False, timeout=LONGEST,
                              env=self.environment)

    def said(self, words: list[str]) -> str:
        done = self.run([*words, "--data", str(self.data)])
        if done.returncode:
            raise OSError(done.stderr.strip()[-500:] or f"it ended with {done.returncode}")
        if "not kept" in done.stderr:
            raise OSError(done.stderr.strip()[-500:])
        return done.stdout

    def picture(self, graph: str, algorithm: str) -> tuple[str, Callable[[int], dict]]:
        """As the page Graph asks. Another seed each time, since the console keeps answers for a while."""
        def ask(number: int) -> dict:
            options = urllib.parse.urlencode({"algorithm": algorithm, "backend": self.backend, "seed": number})
            answer = json.loads(self.fetch(f"/api/v1/graphs/{graph}?{options}"))
            runs = answer["runs"]
            return {"backend": "+".join(sorted({run["backend"] for run in runs})) or None,
                    "elapsed_ms": sum(run["elapsed_ms"] for run in runs), "nodes": answer["node_count"],
                    "edges": answer["edge_count"]}
        return f"console: graph {graph}, {algorithm}", ask

    def page(self, path: str) -> tuple[str, Callable[[int], dict]]:
        return f"console: {path}", lambda _: {"bytes": len(self.fetch(path))}

    def fetch(self, path: str) -> bytes:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.console}{path}", timeout=LONGEST) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise OSError(f"{error.code}: {error.read()[:500].decode(errors='replace')}") from error


def summary(answers: list[dict]) -> list[dict]:
    """One entry for each question: how often, how often in vain and why, by which back ends, and how long."""
    found = []
    for what in dict.fromkeys(one["what"] for one in answers):
        all_of_it = [one for one in answers if one["what"] == what]
        good = [one for one in all_of_it if not one["error"]]
        inner = [one["elapsed_ms"] for one in good if one.get("elapsed_ms") is not None]
        found.append({"what": what, "times": len(all_of_it), "failed": len(all_of_it) - len(good),
                      "errors": sorted({one["error"] for one in all_of_it if one["error"]})[:3],
                      "backends": sorted({one["backend"] for one in good if one["backend"]}),
                      "seconds_median": middle([one["seconds"] for one in good]),
                      "seconds_longest": max((one["seconds"] for one in good), default=None),
                      "algorithm_ms_median": middle(inner),
                      "most_edges": max((one["edges"] for one in good if one.get("edges") is not None), default=None)})
    return found


def middle(values: list[float]) -> float | None:
    return round(median(values), 3) if values else None
