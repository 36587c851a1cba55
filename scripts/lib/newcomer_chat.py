"""Sends one streamed chat request and prints the answer: newcomer_chat.py GATEWAY-URL."""

import json
import sys
import urllib.request

body = {"messages": [{"role": "user", "content": "Name three colours."}], "max_tokens": 32, "stream": True}
request = urllib.request.Request(sys.argv[1] + "/v1/chat/completions", json.dumps(body).encode(),
                                 {"Content-Type": "application/json"})
text = ""
with urllib.request.urlopen(request, timeout=120) as answer:
    for line in answer:
        if line.startswith(b"data: {"):
            for choice in json.loads(line[6:]).get("choices", []):
                text += choice.get("delta", {}).get("content") or ""
print(f"newcomer: the model answers: {text!r}")
sys.exit(0 if text.strip() else 1)
