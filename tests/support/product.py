"""Runs the real `llamatelemetry` binary as a user would, and sees that it leaves nothing behind."""

import json
import os
import re
import select
import signal
import subprocess
import time
from pathlib import Path

from . import places
from .http import Response, fetch
from .waiting import wait_until

READY = re.compile(r"^ready gateway=(http://\S+) console=(http://\S+)$")


class Up:
    """One `llamatelemetry up`. Standard error goes to a file, shown when something fails."""

    def __init__(self, folder: Path, arguments: list[str], environment: dict[str, str] | None = None,
                 engine_arguments: list[str] = (), data: Path | None = None, wait_ready_s: float | None = 30.0,
                 receive: bool = True):
        """Without an address of their own the receivers are off, since many instances share this machine;
        `receive=False` leaves them as they are for a user."""
        self.data = data or folder / "data"
        self.log_path = folder / f"up-{time.monotonic_ns()}.log"
        command = [str(places.product()), "up", "--data", str(self.data), *arguments]
        for flag in ("--listen", "--console"):
            if flag not in arguments:
                command += [flag, "127.0.0.1:0"]
        for flag in ("--otlp-http", "--otlp-grpc"):
            if flag not in arguments and receive:
                command += [flag, "off"]
        if engine_arguments:
            command += ["--", *engine_arguments]
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "LLAMATELEMETRY_"))}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=folder,
                                            env={**clean, **(environment or {})})
        self.gateway = self.console = ""
        self._stdout = b""
        if wait_ready_s is not None:
            self.wait_ready(wait_ready_s)

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def wait_ready(self, timeout_s: float = 30.0) -> "Up":
        """Reads standard output until the ready line stands there."""
        deadline = time.monotonic() + timeout_s
        while True:
            for line in self._stdout.decode().splitlines():
                if match := READY.match(line):
                    self.gateway, self.console = match.groups()
                    return self
            readable, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self.process.stdout.fileno(), 4096) if readable else b""
            if not data:
                state = f"exited with {self.process.poll()}" if readable else f"not ready after {timeout_s} s"
                self.kill()
                raise AssertionError(f"up {state}; its log:\n{self.log()}")
            self._stdout += data

    def fetch(self, method: str, target: str, body: bytes | dict | None = None,
              headers: list[tuple[str, str]] = (), timeout_s: float = 20.0) -> Response:
        return fetch(self.gateway, method, target, body, headers, timeout_s)

    def descendants(self) -> list[int]:
        return _descendants(self.pid)

    def stop(self, how: int = signal.SIGINT, timeout_s: float = 15.0) -> int:
        """Ends it as Ctrl-C would and checks that no process, port or socket file of it is left."""
        family = [self.pid, *self.descendants()]
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"up did not stop within {timeout_s} s; its log:\n{self.log()}") from None
        finally:
            self.process.stdout.close()
        wait_until(lambda: not [pid for pid in family if _alive(pid)], f"no process of {family} is left", 5)
        for url in filter(None, (self.gateway, self.console)):
            port = int(url.rsplit(":", 1)[1])
            assert not _listening(port), f"port {port} is still held after up ended"
        left = [line for line in Path("/proc/net/unix").read_text().splitlines() if str(self.data) in line]
        assert not left, f"sockets left behind: {left}"
        return code

    def kill(self) -> None:
        """kill -9 of the gateway process alone; what becomes of the engine is the product's business."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)

    def sql(self, query: str) -> list[dict]:
        return sql(self.data, query)

    def command(self, *arguments: str) -> str:
        """What another command of the program says of this instance."""
        done = subprocess.run([places.product(), *arguments, "--data", str(self.data)], capture_output=True, text=True,
                              timeout=30)
        assert done.returncode == 0, f"{arguments} failed ({done.returncode}): {done.stderr}"
        return done.stdout

    def report(self) -> dict:
        return json.loads(self.command("report", "--json"))

    def request_row(self, request_id: str, timeout_s: float = 5.0) -> dict:
        """The row of the request with this X-Request-Id, once the store shows it."""
        assert re.fullmatch(r"[\w.-]+", request_id), request_id
        query = f"SELECT * FROM requests WHERE request_id = '{request_id}'"
        rows = wait_until(lambda: self.sql(query), f"a row for request {request_id}", timeout_s, every_s=0.1)
        assert len(rows) == 1, rows
        return rows[0]


def sql(data: Path, query: str) -> list[dict]:
    """Rows of a query over the store, through the command line."""
    done = subprocess.run([places.product(), "query", query, "--format", "json", "--data", str(data)],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, f"query failed ({done.returncode}): {done.stderr}\n{query}"
    result = json.loads(done.stdout)
    return result if isinstance(result, list) else result["rows"]


def _descendants(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _listening(port: int) -> bool:
    wanted = f":{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(wanted) and fields[3] == "0A":
                return True
    return False
