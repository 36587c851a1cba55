import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

import analyst

PICTURE = b'{"runs": [{"backend": "gpu", "elapsed_ms": 2.5}, {"backend": "cpu", "elapsed_ms": 1.5}], "node_count": 3, "edge_count": 7}'
PROGRAM = """#!/bin/sh
case "$1 $2" in
"analyze --help") echo "--backend" ;;
"graph prefix") echo "no GPU here" >&2; exit 1 ;;
"graph "*) echo '{"backend": "gpu", "version": "a test", "elapsed_ms": 4.0, "nodes": 2, "edges": 1}' ;;
*) echo '[]' ;;
esac
"""


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # noqa: N802
        self.send_response(500 if self.path == "/sql" else 200)
        self.end_headers()
        self.wfile.write(PICTURE if "/graphs/" in self.path else b"a page")

    def log_message(self, *_) -> None:
        pass


class Questions(unittest.TestCase):
    def setUp(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.program = folder / "program"
        self.program.write_text(PROGRAM)
        self.program.chmod(0o755)
        console = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.addCleanup(console.server_close)
        self.addCleanup(console.shutdown)
        threading.Thread(target=console.serve_forever).start()
        self.enterContext(mock.patch.object(analyst, "PAGE_EVERY", 0.01))
        self.analyst = analyst.Analyst(self.program, folder, console.server_port, "gpu", {})

    def answer(self, questions, part: str):
        return next(ask for what, ask in questions if part in what)(1)

    def test_a_command_says_its_back_end(self):
        found = self.answer(self.analyst.commands(), "graph interference --algorithm louvain")
        self.assertEqual((found["backend"], found["edges"]), ("gpu", 1))

    def test_tables_are_asked_where_they_know_back_ends(self):
        self.assertEqual(self.answer(self.analyst.commands(), "analyze group")["backend"], "gpu")

    def test_a_picture_says_the_back_ends_of_all_it_needed(self):
        self.assertEqual(self.analyst.picture("trace", "pagerank")[1](1),
                         {"backend": "cpu+gpu", "elapsed_ms": 4.0, "nodes": 3, "edges": 7})

    def test_failures_are_counted_with_their_reason_and_the_others_go_on(self):
        with self.analyst:
            while not all(any(part in one["what"] for one in self.analyst.answers) for part in ("/sql", "graph prefix")):
                time.sleep(0.05)
        found = {one["what"]: one for one in analyst.summary(self.analyst.answers)}
        prefix = found["graph prefix --algorithm components --backend gpu"]
        self.assertEqual((prefix["failed"], prefix["errors"]), (prefix["times"], ["no GPU here"]))
        self.assertEqual(found["console: /sql"]["failed"], 1)
        self.assertEqual(found["console: /"]["failed"], 0)
