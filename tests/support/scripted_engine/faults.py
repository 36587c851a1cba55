"""Ways to misbehave. Each takes over the connection at its moment; the connection is closed after it."""

import asyncio

from . import dialect
from .wire import LAST_CHUNK, Connection, chunk

JSON_TYPE = ("Content-Type", "application/json; charset=utf-8")
SSE_TYPE = ("Content-Type", "text/event-stream")
CHUNKED = ("Transfer-Encoding", "chunked")


async def pause(milliseconds: float) -> None:
    if milliseconds > 0:
        await asyncio.sleep(milliseconds / 1000)


async def stay_silent(conn: Connection, script) -> None:
    await asyncio.Event().wait()  # until the peer goes away


# --- instead of an answer, before the body is read ----------------------------------------------------------

async def early_answer(conn: Connection, script) -> None:
    body = dialect.error_body(413, "too large, said before the body was read", "invalid_request_error")
    head = conn.send_head(413, [JSON_TYPE, ("Content-Length", str(len(body))), ("Connection", "close")])
    await conn.write(head + body)
    await pause(script.slow_ms or 200)


async def reset_on_head(conn: Connection, script) -> None:
    conn.reset()


BEFORE_BODY = {"early_answer": early_answer, "reset_on_head": reset_on_head, "never_read_body": stay_silent}

# --- instead of an answer, once the whole request is read ---------------------------------------------------


async def die_before_first_byte(conn: Connection, script) -> None:
    await pause(script.slow_ms)


async def reset_before_first_byte(conn: Connection, script) -> None:
    await pause(script.slow_ms)
    conn.reset()


async def bad_status_line(conn: Connection, script) -> None:
    await conn.write(b"HTTP/9.9 banana\r\n\r\n")


async def half_head(conn: Connection, script) -> None:
    await conn.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/ev")


async def endless_header(conn: Connection, script) -> None:
    await conn.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    for _ in range(script.amount or 4096):
        await conn.write(b"a" * 65536)


async def huge_header(conn: Connection, script) -> None:
    await plain_bytes(conn, b"{}", extra=[("X-Huge", "h" * script.amount)])


async def garbage_json_body(conn: Connection, script) -> None:
    await plain_bytes(conn, b'{"choices":[{"message":{"content":"unfinished')


async def binary_body(conn: Connection, script) -> None:
    await plain_bytes(conn, bytes(range(256)) * 16)


async def length_too_long(conn: Connection, script) -> None:
    await conn.write(conn.send_head(200, [JSON_TYPE, ("Content-Length", "1000")]) + b'{"short":true}')


async def length_too_short(conn: Connection, script) -> None:
    await conn.write(conn.send_head(200, [JSON_TYPE, ("Content-Length", "4")]) + b"trueHTTP/1.1 200 smuggled\r\n\r\n")


async def until_close(conn: Connection, script) -> None:
    await conn.write(conn.send_head(200, [JSON_TYPE, ("Connection", "close")]) + b'{"until":"close"}')


async def hundred_continue_first(conn: Connection, script) -> None:
    await conn.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    await pause(script.slow_ms)
    await plain_bytes(conn, b'{"after":"100"}')


async def slow_bytes(conn: Connection, script) -> None:
    body = b'{"choices":[{"message":{"content":"slow"}}]}'
    for byte in conn.send_head(200, [JSON_TYPE, ("Content-Length", str(len(body)))]) + body:
        await conn.write(bytes([byte]))
        await pause(script.slow_ms or 1)


async def huge_body(conn: Connection, script) -> None:
    block = b"b" * (1 << 20)
    await conn.write(conn.send_head(200, [JSON_TYPE, ("Content-Length", str(script.amount * len(block)))]))
    for _ in range(script.amount):
        await conn.write(block)


async def plain_bytes(conn: Connection, body: bytes, extra: list = ()) -> None:
    await conn.write(conn.send_head(200, [JSON_TYPE, *extra, ("Content-Length", str(len(body)))]) + body)


INSTEAD = {f.__name__: f for f in (
    die_before_first_byte, reset_before_first_byte, bad_status_line, half_head, endless_header, huge_header,
    garbage_json_body, binary_body, length_too_long, length_too_short, until_close, hundred_continue_first,
    slow_bytes, huge_body)}
INSTEAD["silence"] = stay_silent

# --- within a stream, after `at` tokens ---------------------------------------------------------------------


async def close_mid_stream(conn: Connection, script, frame: bytes) -> None:
    await pause(script.slow_ms)


async def reset_mid_stream(conn: Connection, script, frame: bytes) -> None:
    await pause(script.slow_ms)
    conn.reset()


async def torn_frame(conn: Connection, script, frame: bytes) -> None:
    await conn.write(chunk(frame[:len(frame) // 2]))


async def torn_frame_ended(conn: Connection, script, frame: bytes) -> None:
    """The HTTP body ends properly, the SSE frame in it does not."""
    await conn.write(chunk(frame[:len(frame) // 2]) + LAST_CHUNK)


async def chunk_lie_short(conn: Connection, script, frame: bytes) -> None:
    """Announces more bytes than it ever sends."""
    await conn.write(f"{len(frame) + 512:x}\r\n".encode() + frame)


async def chunk_lie_long(conn: Connection, script, frame: bytes) -> None:
    """Sends more bytes than announced, so that data stands where a chunk size should."""
    await conn.write(f"{len(frame) // 2:x}\r\n".encode() + frame + b"\r\n")


async def chunk_size_garbage(conn: Connection, script, frame: bytes) -> None:
    await conn.write(b"zz-not-hex\r\n" + frame + b"\r\n")


async def chunk_size_overflow(conn: Connection, script, frame: bytes) -> None:
    await conn.write(b"ffffffffffffffffff\r\n" + frame + b"\r\n")


async def stream_silence(conn: Connection, script, frame: bytes) -> None:
    await stay_silent(conn, script)


IN_STREAM = {f.__name__: f for f in (
    close_mid_stream, reset_mid_stream, torn_frame, torn_frame_ended, chunk_lie_short, chunk_lie_long,
    chunk_size_garbage, chunk_size_overflow, stream_silence)}

# --- a stream that is right but hard to read: how one frame's bytes are written -----------------------------


async def write_split(conn: Connection, script, frame: bytes) -> int:
    """One chunk, its bytes in two writes, cut after `amount` bytes of the frame."""
    data = chunk(frame)
    cut = len(data) - len(frame) - 2 + script.amount % (len(frame) + 1)
    await conn.write(data[:cut])
    await pause(script.slow_ms or 2)
    return await conn.write(data[cut:])


async def write_byte_chunks(conn: Connection, script, frame: bytes) -> int:
    """Each byte a chunk of its own."""
    at = 0
    for byte in frame:
        at = await conn.write(chunk(bytes([byte])))
        await asyncio.sleep(0)
    return at


async def write_crlf(conn: Connection, script, frame: bytes) -> int:
    """The other line end that SSE allows."""
    return await conn.write(chunk(frame.replace(b"\n", b"\r\n")))


async def write_with_comments(conn: Connection, script, frame: bytes) -> int:
    return await conn.write(chunk(b": still here\n\n" + frame))


async def write_garbage_json(conn: Connection, script, frame: bytes) -> int:
    """Each frame is followed by one whose data is no JSON."""
    return await conn.write(chunk(frame) + chunk(b'data: {"choices":[{"delta":{"content":\n\n'))


async def write_huge_event(conn: Connection, script, frame: bytes) -> int:
    """A comment line of `amount` bytes before each frame."""
    return await conn.write(chunk(b": " + b"c" * script.amount + b"\n\n" + frame))


WRITERS = {f.__name__.removeprefix("write_"): f for f in (
    write_split, write_byte_chunks, write_crlf, write_with_comments, write_garbage_json, write_huge_event)}
