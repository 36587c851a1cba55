"""What one request to the scripted engine shall get: delays, tokens and, if asked for, a fault."""

import json
from dataclasses import dataclass, field, fields

HEADER = "x-script"
BODY_MEMBER = "script"


@dataclass
class Script:
    """Times are milliseconds. Sent as JSON in the `x-script` header or in the body's `script` member."""

    queue_ms: float = 0      # from the whole request read to the slot taken
    prefill_ms: float = 0    # from the slot taken to the first token
    token_ms: float = 0      # from each token to the next
    tokens: int = 4
    progress_steps: int = 2  # prompt_progress frames, the first one at the start of prefill
    prompt_tokens: int = 12
    cached_tokens: int = 2
    token_text: str = " word"
    finish_reason: str = "length"
    status: int = 200        # other than 200: an error answer with llama-server's error body
    body_bytes: int = 0      # plain answers: content padded to about this many bytes
    fault: str = ""          # a name in faults.py
    at: int = 2              # for faults in a stream: after this many tokens
    amount: int = 0          # for faults with a size
    slow_ms: float = 0       # for faults with a pause
    tag: str = ""            # copied to the log, to find the request again
    extra_headers: list = field(default_factory=list)  # [[name, value], ...] added to the answer's head

    @classmethod
    def parse(cls, text: str | None, defaults: dict) -> "Script":
        """Unknown members are a mistake in the test and raise."""
        given = {**defaults, **(json.loads(text) if text else {})}
        unknown = given.keys() - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"unknown script members {sorted(unknown)}")
        return cls(**given)
