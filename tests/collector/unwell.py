"""Collectors that nobody wants: what stands at the address and misbehaves."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Silent:
    """Accepts connections and never says a word. Good for HTTP and for gRPC."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._held = []
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._held.append(peer)

    @property
    def port(self) -> int:
        return self._socket.getsockname()[1]

    def close(self) -> None:
        self._socket.close()
        for peer in self._held:
            peer.close()


class Refusing:
    """Answers every export with the same HTTP error."""

    def __init__(self, status: int = 503):
        refusing = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                refusing.refused += 1
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.refused = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self._server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
