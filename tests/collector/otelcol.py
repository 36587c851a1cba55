"""The real OpenTelemetry Collector as a process."""

import json
import socket
import subprocess
from pathlib import Path

from support.waiting import wait_until

FOLDER = Path(__file__).parent


def build() -> Path:
    """The Collector's binary; built on first use."""
    done = subprocess.run([FOLDER / "build.sh"], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"tests/collector/build.sh failed:\n{done.stderr}"
    return Path(done.stdout.strip().splitlines()[-1])


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Collector:
    def __init__(self, binary: Path, folder: Path, sink_url: str):
        self.http_port, self.grpc_port = free_port(), free_port()
        config = {
            "receivers": {"otlp": {"protocols": {
                "http": {"endpoint": f"127.0.0.1:{self.http_port}"},
                "grpc": {"endpoint": f"127.0.0.1:{self.grpc_port}"}}}},
            "exporters": {"otlphttp": {"endpoint": sink_url, "encoding": "json", "compression": "none",
                                       "sending_queue": {"enabled": False}}},
            "service": {
                "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
                "pipelines": {signal: {"receivers": ["otlp"], "exporters": ["otlphttp"]}
                              for signal in ("traces", "metrics")}},
        }
        path = folder / "otelcol.json"
        path.write_text(json.dumps(config))
        self.log_path = folder / "otelcol.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([binary, "--config", f"file:{path}"], stdout=log, stderr=log)
        wait_until(lambda: self._listens(self.http_port) and self._listens(self.grpc_port),
                   f"the Collector listens; its log: {self.log_path}", 30)

    def _listens(self, port: int) -> bool:
        assert self.process.poll() is None, self.log_path.read_text()
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(15)

    def environment(self, protocol: str) -> dict[str, str]:
        """What a user sets to send everything here, quickly."""
        port = self.grpc_port if protocol == "grpc" else self.http_port
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
                "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_METRIC_EXPORT_INTERVAL": "500"}
