"""The engine itself: reads a request, follows its script, writes down when each thing really happened."""

import asyncio
import itertools

from . import dialect, faults
from .dialect import Answer
from .script import BODY_MEMBER, HEADER, Script
from .wire import LAST_CHUNK, Connection, Request, chunk, now_ns

HEALTH_OK, HEALTH_LOADING, HEALTH_SILENT = "ok", "loading", "silent"


class ScriptedEngine:
    def __init__(self) -> None:
        self.log: list[dict] = []
        self.defaults: dict = {}  # script members for requests that carry no script
        self.health = HEALTH_OK
        self.persona = dialect.LLAMA_CPP
        self.model = dialect.MODEL
        self.accepted = 0
        self._open: set[Connection] = set()
        self._numbers = itertools.count(1)

    async def on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conn = Connection(reader, writer)
        self.accepted += 1
        self._open.add(conn)
        try:
            while request := await conn.read_head():
                if not await self._one_request(conn, request):
                    break
        except (ConnectionError, ValueError):
            pass  # the peer is gone or sent nonsense; what it did is in the log
        finally:
            self._open.discard(conn)
            conn.close()

    def drop_connections(self) -> None:
        for conn in list(self._open):
            conn.reset()

    async def _one_request(self, conn: Connection, request: Request) -> bool:
        """True when the connection may carry another request."""
        entry = {"method": request.method, "target": request.target, "headers": request.headers,
                 "first_byte_ns": request.first_byte_ns, "tokens_ns": [], "progress_ns": [], "end": ""}
        fixed = dialect.fixed_answers(self.persona, self.model).get(request.path)
        if fixed is not None and request.method in ("GET", "HEAD"):
            return await self._fixed(conn, request, fixed)
        self.log.append(entry)
        script = Script.parse(request.header(HEADER), self.defaults)
        entry["tag"] = script.tag
        if script.fault in faults.BEFORE_BODY:
            await self._watched(conn, entry, faults.BEFORE_BODY[script.fault](conn, script))
            return False
        if request.header("expect"):
            await conn.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await conn.read_body(request)
        entry["received_ns"] = request.received_ns
        entry["body"] = request.body.decode("utf-8", "replace") if len(request.body) < 1 << 20 else ""
        entry["body_bytes"] = len(request.body)
        if BODY_MEMBER in request.json and request.header(HEADER) is None:
            script = Script(**request.json[BODY_MEMBER])
            entry["tag"] = script.tag
        return await self._watched(conn, entry, self._answer(conn, request, script, entry))

    async def _fixed(self, conn: Connection, request: Request, body: bytes) -> bool:
        status = 200
        if self.health == HEALTH_SILENT:
            await conn.wait_for_end()
            return False
        if self.health == HEALTH_LOADING:
            status, body = 503, dialect.error_body(503, "Loading model", "unavailable_error")
        await conn.read_body(request)
        head = conn.send_head(status, [faults.JSON_TYPE, ("Content-Length", str(len(body)))])
        await conn.write(head + (b"" if request.method == "HEAD" else body))
        return True

    async def _watched(self, conn: Connection, entry: dict, work) -> bool:
        """Runs `work` until it ends or the peer goes away, and notes which."""
        answering = asyncio.ensure_future(work)
        watching = asyncio.ensure_future(conn.wait_for_end())
        await asyncio.wait({answering, watching}, return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            try:
                keep = answering.result()
                entry["end"] = "answered" if keep else "fault"
            except ConnectionError:
                keep, entry["end"] = False, "peer reset"
        else:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            keep, entry["end"] = False, "peer " + watching.result()
        entry["done_ns"] = now_ns()
        return bool(keep)

    async def _answer(self, conn: Connection, request: Request, script: Script, entry: dict) -> bool:
        if script.fault in faults.INSTEAD:
            await faults.INSTEAD[script.fault](conn, script)
            return False
        kind = dialect.ROUTES.get(request.path)
        if kind is None or script.status != 200:
            status = script.status if script.status != 200 else 404
            body = dialect.error_body(status, "as scripted" if kind else "File Not Found", "not_found_error")
            length = ("Content-Length", str(len(body)))
            await conn.write(conn.send_head(status, [faults.JSON_TYPE, *script.extra_headers, length]) + body)
            return True
        answer = Answer(kind, f"chatcmpl-scripted-{next(self._numbers)}", script, self.model)
        if request.json.get("stream"):
            return await self._stream(conn, request, answer, entry)
        return await self._plain(conn, answer, entry)

    async def _plain(self, conn: Connection, answer: Answer, entry: dict) -> bool:
        script = answer.script
        await faults.pause(script.queue_ms)
        entry["slot_ns"] = now_ns()
        await faults.pause(script.prefill_ms)
        entry["tokens_ns"].append(now_ns())
        for _ in range(script.tokens - 1):
            await faults.pause(script.token_ms)
            entry["tokens_ns"].append(now_ns())
        body = answer.plain(self._timings(answer, entry))
        head = [faults.JSON_TYPE, *script.extra_headers, ("Content-Length", str(len(body)))]
        entry["answered_ns"] = await conn.write(conn.send_head(200, head) + body)
        return True

    async def _stream(self, conn: Connection, request: Request, answer: Answer, entry: dict) -> bool:
        script = answer.script
        await faults.pause(script.queue_ms)
        head = [*script.extra_headers, faults.SSE_TYPE, faults.CHUNKED]
        await conn.write(conn.send_head(200, head))
        entry["slot_ns"] = now_ns()  # the frame that says so is next
        put = faults.WRITERS.get(script.fault, _write_chunk)
        if request.json.get("return_progress") and self.persona == dialect.LLAMA_CPP:
            await self._prefill_with_progress(conn, answer, entry)
        else:
            await faults.pause(script.prefill_ms)
        opening = answer.opening()
        for number in range(script.tokens):
            await faults.pause(script.token_ms if number else 0)
            if script.fault in faults.IN_STREAM and number == script.at:
                await faults.IN_STREAM[script.fault](conn, script, answer.token(number))
                return False
            if opening:
                await put(conn, script, opening)
                opening = b""
            entry["tokens_ns"].append(await put(conn, script, answer.token(number)))
        usage = bool((request.json.get("stream_options") or {}).get("include_usage"))
        for frame in answer.ending(self._timings(answer, entry), usage):
            await put(conn, script, frame)
        entry["answered_ns"] = await conn.write(LAST_CHUNK)
        return True

    async def _prefill_with_progress(self, conn: Connection, answer: Answer, entry: dict) -> None:
        """The first frame when the slot starts, then one for each equal part of the prompt."""
        script = answer.script
        put = faults.WRITERS.get(script.fault, _write_chunk)
        for step in range(script.progress_steps):
            done = step / max(1, script.progress_steps - 1)
            await faults.pause(script.prefill_ms / max(1, script.progress_steps - 1) if step else 0)
            processed = script.cached_tokens + int((script.prompt_tokens - script.cached_tokens) * done)
            elapsed_ms = (now_ns() - entry["slot_ns"]) / 1e6
            entry["progress_ns"].append(await put(conn, script, answer.progress(processed, elapsed_ms)))

    def _timings(self, answer: Answer, entry: dict) -> dict | None:
        if self.persona != dialect.LLAMA_CPP:
            return None
        first, last = entry["tokens_ns"][0], entry["tokens_ns"][-1]
        return answer.timings((first - entry["slot_ns"]) / 1e6, (last - first) / 1e6)


async def _write_chunk(conn: Connection, script: Script, frame: bytes) -> int:
    return await conn.write(chunk(frame))
