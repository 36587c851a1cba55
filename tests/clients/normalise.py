"""What may differ between two answers to the same request, and nothing else.

A real llama-server gives every answer a random id, a creation time, and measured times. These values, and only
the values, are replaced; every other byte, the order of members and the whitespace are compared as they are.
"""

import re

RULES: list[tuple[re.Pattern[bytes], bytes]] = [
    # ids: chatcmpl-<32>, resp_<32>, msg_<32>, call ids of 32 characters
    (re.compile(rb'"((?:chatcmpl-|resp_|msg_|fc_|call_|rs_)?)[A-Za-z0-9]{32}"'), rb'"\1ID"'),
    # seconds since 1970
    (re.compile(rb'"(created|created_at|completed_at)":\d+'), rb'"\1":TIME'),
    # measured milliseconds and rates, in `timings` and `prompt_progress`
    (re.compile(rb'"((?:prompt|predicted)_(?:ms|per_token_ms|per_second)|time_ms)":[-+.\deE]+'), rb'"\1":MEASURED'),
]

# Headers that belong to one hop or to the gateway itself. Content-Length follows from the body, which is compared.
OWN_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length", "date",
               "x-request-id", "server-timing", "traceresponse"}


def body(data: bytes) -> bytes:
    for pattern, replacement in RULES:
        data = pattern.sub(replacement, data)
    return data


def headers(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((name.lower(), value) for name, value in pairs if name.lower() not in OWN_HEADERS)
