"""One measurement each: plain requests with wrk, streams with stream_load, memory while streams run."""

import json
import os
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Cost:
    """CPU time that a server used between two moments."""

    def __init__(self, server):
        self.server = server
        self.before = server.cpu_seconds() if server else 0.0

    def seconds(self) -> float:
        return self.server.cpu_seconds() - self.before if self.server else 0.0


def plain(port: int, connections: int, seconds: float, body: Path, server=None) -> dict:
    cost = Cost(server)
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", "-s",
                           HERE / "post.lua", f"http://127.0.0.1:{port}/v1/chat/completions"],
                          capture_output=True, text=True, check=True, timeout=seconds + 30,
                          env={**os.environ, "BENCH_BODY": str(body)})
    result = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    used = cost.seconds()
    return {"p50_us": result["p50_us"], "p99_us": result["p99_us"], "errors": result["errors"],
            "requests_per_second": result["requests"] / result["seconds"],
            "requests_per_cpu_second": result["requests"] / used if used else None}


def streams(tools: Path, port: int, connections: int, seconds: float, body: Path, requests: int = 0,
            server=None, fresh: bool = False) -> dict:
    cost = Cost(server)
    command = [tools / "stream_load", "127.0.0.1", str(port), str(connections), str(seconds), body]
    done = subprocess.run([*command, str(requests), *(["fresh"] if fresh else [])], capture_output=True, text=True,
                          check=False, timeout=seconds * 4 + 120)
    if not done.stdout.startswith("{"):
        raise SystemExit(f"stream_load failed: {done.stderr}")
    result = json.loads(done.stdout)
    used = cost.seconds()
    result["events_per_second"] = result["content_events"] / result["seconds"]
    result["events_per_cpu_second"] = result["content_events"] / used if used else None
    return result


def memory_during_streams(tools: Path, port: int, connections: int, body: Path, server) -> dict:
    """All connections stream at once, one answer each; the server's resident memory is read meanwhile."""
    command = [tools / "stream_load", "127.0.0.1", str(port), str(connections), "60", body, "1"]
    load = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = server.resident_bytes()
    while load.poll() is None:
        peak = max(peak, server.resident_bytes())
        time.sleep(0.05)
    result = json.loads(load.communicate()[0])
    return {"streams": connections, "completed": result["requests"], "errors": result["errors"],
            "content_events": result["content_events"], "first_ms_p50": result["first_us"].get("p50", 0) / 1e3,
            "first_ms_p99": result["first_us"].get("p99", 0) / 1e3, "peak_resident_mb": peak / 1e6}
