"""What every fault test asks of the gateway."""

import json
from pathlib import Path

from support.http import Response, scripted_chat
from support.product import Up


def openai_error(response: Response, *statuses: int) -> dict:
    """The answer is a whole, OpenAI-shaped error with one of these statuses. Returns its `error` object."""
    assert response.status in statuses, (response.status, response.body[:300])
    assert response.complete and (response.header("content-type") or "").startswith("application/json")
    error = response.json["error"]
    assert isinstance(error["message"], str) and error["message"] and isinstance(error["type"], str)
    return error


def error_event_at_end(response: Response) -> list:
    """The stream is well-formed HTTP and SSE to its end, and its last event is an error. Returns the data of
    the events before it."""
    assert response.status == 200 and response.complete, f"the stream was cut, not ended: {bytes(response.body[-300:])}"
    assert response.body.endswith(b"\n\n")
    parsed = []
    for event in response.events:
        data = b"\n".join(line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:"))
        parsed.append(json.loads(data))
    error = parsed.pop()["error"]
    assert isinstance(error["message"], str) and error["message"] and isinstance(error["type"], str)
    assert not any("error" in item for item in parsed)
    return parsed


def texts(events: list) -> list[str]:
    """The content of chat chunks."""
    return [c["delta"]["content"] for event in events for c in event["choices"] if c["delta"].get("content")]


def resident_mb(up: Up) -> float:
    status = Path(f"/proc/{up.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def peak_mb(up: Up) -> float:
    status = Path(f"/proc/{up.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def still_serves(up: Up) -> None:
    """A plain good request works now."""
    response = up.fetch("POST", "/v1/chat/completions", scripted_chat(False))
    assert response.status == 200 and response.json["choices"][0]["message"]["content"]
