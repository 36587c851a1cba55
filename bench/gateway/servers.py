"""Starts the servers that the benchmark compares, each on ports of its own, and stops them again."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Server:
    """One server process. Its output goes to a file in the benchmark's folder."""

    def __init__(self, name: str, command: list, folder: Path, environment: dict | None = None):
        self.name = name
        self.log = folder / f"{name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, cwd=folder,
                                            env={**os.environ, **(environment or {})}, start_new_session=True)

    def wait_for(self, url: str, seconds: float) -> "Server":
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:
                    if answer.status == 200:
                        return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise SystemExit(f"{self.name} did not answer {url}. The end of its log:\n{self.tail()}")

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def pids(self) -> list[int]:
        """The process and everything it started."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    found += [int(text) for text in task.read_text().split()]
                except OSError:
                    continue
        return found

    def cpu_seconds(self) -> float:
        """User and system time so far, children included."""
        total = 0
        for pid in self.pids():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def resident_bytes(self) -> int:
        """Of the process itself, not of what it started."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def fill(template: str, target: Path, **values: object) -> Path:
    text = (HERE / template).read_text()
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    target.write_text(text)
    return target


def start_nginx(folder: Path, port: int, otlp: int) -> Server:
    config = fill("nginx.conf.in", folder / "nginx.conf", FOLDER=folder, NGINX=port, OTLP=otlp)
    return Server("nginx", ["nginx", "-e", "stderr", "-p", folder, "-c", config], folder).wait_for(
        f"http://127.0.0.1:{port}/health", 10)


def start_scripted(folder: Path, tools: Path, port: int) -> Server:
    return Server("scripted_upstream", [tools / "scripted_upstream", port], folder).wait_for(
        f"http://127.0.0.1:{port}/health", 10)


def start_haproxy(folder: Path, plain: int, streams: int, nginx: int, scripted: int) -> Server:
    config = fill("haproxy.cfg.in", folder / "haproxy.cfg", PLAIN=plain, STREAMS=streams, NGINX=nginx,
                  SCRIPTED=scripted)
    return Server("haproxy", ["haproxy", "-db", "-f", config], folder).wait_for(f"http://127.0.0.1:{plain}/health", 10)


def start_ours(folder: Path, binary: Path, name: str, port: int, upstream: int, otlp: int | None) -> Server:
    """llamatelemetry with everything on: spans and metrics go to the store and, by OTLP, to the sink."""
    console, = free_ports(1)
    environment = {key: value for key, value in os.environ.items() if key.startswith(("OTEL_", "LLAMATELEMETRY_"))}
    for key in environment:
        os.environ.pop(key)
    exports = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{otlp}",
               "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"} if otlp else {}
    command = [binary, "up", "--upstream", f"http://127.0.0.1:{upstream}", "--listen", f"127.0.0.1:{port}",
               "--console", f"127.0.0.1:{console}", "--data", folder / f"data-{name}"]
    server = Server(name, command, folder, exports).wait_for(f"http://127.0.0.1:{port}/v1/models", 30)
    server.console = console
    return server


def start_litellm(folder: Path, program: Path, port: int, plain: int) -> Server:
    config = folder / "litellm.json"
    config.write_text(json.dumps({"model_list": [{"model_name": "bench", "litellm_params": {
        "model": "openai/bench", "api_base": f"http://127.0.0.1:{plain}/v1", "api_key": "none"}}]}))
    return Server("litellm", [program, "--config", config, "--host", "127.0.0.1", "--port", port], folder,
                  {"LITELLM_LOCAL_MODEL_COST_MAP": "True",
                   "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true"}).wait_for(
                      f"http://127.0.0.1:{port}/health/liveliness", 120)
