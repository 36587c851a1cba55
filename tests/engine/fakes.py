"""Scripts in the place of llama-server, for faults that the real one does not commit on demand."""

import subprocess
import sys
from pathlib import Path

from support import places


def script(folder: Path, text: str, name: str = "llama-server") -> Path:
    """An executable file whose first line says what runs it."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def shell(folder: Path, body: str) -> Path:
    return script(folder, f"#!/bin/sh\n{body}\n")


def serving(folder: Path, body: str = "", health: int = 200) -> Path:
    """Listens where it is told to and answers every GET; `body` runs when it does. SIGTERM ends it."""
    return script(folder, f"""#!{sys.executable}
import http.server, os, signal, socketserver, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({health})
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{{}}")
    def log_message(self, *arguments): pass
    def address_string(self): return "local"
class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
server = Server(sys.argv[sys.argv.index("--host") + 1], Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
{body}
while True: time.sleep(1)
""")


def run_up(folder: Path, *arguments: str, engine: list[str] = (), timeout_s: float = 20,
           environment: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    """`up`, expected to end by itself."""
    command = [places.product(), "up", "--data", str(folder / "data"), "--listen", "127.0.0.1:0", "--console",
               "127.0.0.1:0", *arguments]
    if engine:
        command += ["--", *engine]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, cwd=folder, env=environment)
