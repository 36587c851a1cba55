"""A server that reads texts as an engine would, but so that every answer is known beforehand."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = ["gpu", "memory", "kernel", "bread", "flour", "oven", "rain", "wind", "cloud"]
SAID = re.compile(r"\[(\d+)\] (\w+) (\w+) (\w+)\.$")


def vector_of(text: str) -> list[float]:
    """How often each word is in it, and a little of its own, so that no two are equally near."""
    return [text.lower().split().count(word) + (hash_of(text) >> i & 7) / 1000 + 0.001 for i, word in enumerate(WORDS)]


def hash_of(text: str) -> int:
    value = 7
    for byte in text.encode():
        value = (value * 31 + byte) % (1 << 40)
    return value


class ReaderServer:
    def __init__(self):
        self.asked: list[dict] = []  # bodies of all POSTs
        self.fault = ""
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                self.answer(200, {"object": "list", "data": [{"id": "reader-1"}]})

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.asked.append(body)
                self.answer(*server.respond(self.path, body))

            def answer(self, status, document):
                raw = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def stop(self):
        self._http.shutdown()
        self._http.server_close()

    def respond(self, path: str, body: dict) -> tuple[int, dict]:
        if self.fault == "busy once" and len(self.asked) == 1:
            return 503, {"error": {"message": "Loading model"}}
        if self.fault.startswith("fails after ") and len(self.asked) > int(self.fault.split()[-1]):
            return 500, {"error": {"message": "out of luck"}}
        if path == "/v1/embeddings":
            return 200, {"data": self.embedded(body["input"])}
        return 200, {"choices": [{"message": {"role": "assistant", "content": self.read(body)}, "finish_reason": "stop"}]}

    def embedded(self, texts: list[str]) -> list[dict]:
        data = [{"index": i, "embedding": vector_of(text)} for i, text in enumerate(texts)]
        if self.fault == "lacks one":
            data.pop()
        if self.fault == "ragged":
            data[-1]["embedding"].append(1.0)
        if self.fault == "words":
            data[0]["embedding"][0] = "much"
        if self.fault == "twice":
            data[-1]["index"] = 0
        return data[::-1]  # the index says which is which

    def read(self, body: dict) -> str:
        schema = body["response_format"]["json_schema"]["schema"]
        numbers = schema["properties"]["relations"]["items"]["properties"]["sentence"]["enum"]
        lines = [match.groups() for line in body["messages"][1]["content"].splitlines() if (match := SAID.match(line))]
        names = sorted({name for _, subject, _, target in lines for name in (subject, target)})
        relations = [{"sentence": int(number), "source": subject, "relation": verb, "target": target}
                     for number, subject, verb, target in lines]
        if self.fault == "invents":
            relations += [{"sentence": number, "source": "Atlantis", "relation": "sinks", "target": "Rome"} for number in numbers]
        if self.fault == "wrong sentence":
            relations.append({"sentence": 99, "source": "a", "relation": "b", "target": "c"})
        text = json.dumps({"entities": [{"name": name, "type": "place"} for name in names], "relations": relations})
        return text[:-10] if self.fault == "cuts off" and len(numbers) > 1 else text
