"""The shapes of llama-server's answers: what a client of that server sees, member for member."""

import json
from dataclasses import dataclass

from .script import Script

MODEL = "scripted-model"
LLAMA_CPP, OPENAI = "llama_cpp", "openai"  # personas: llama-server, or a server that knows nothing but the OpenAI API
CREATED = 1700000000

CHAT, COMPLETION, NATIVE = "chat", "completion", "native"
ROUTES = {
    "/v1/chat/completions": CHAT, "/chat/completions": CHAT,
    "/v1/completions": COMPLETION,
    "/completion": NATIVE, "/completions": NATIVE,
}


def compact(value) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def sse(value) -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else compact(value)) + b"\n\n"


@dataclass
class Answer:
    """Makes the frames of one answer. `timings` members are milliseconds that really passed."""

    kind: str
    request_id: str
    script: Script
    model: str = MODEL

    def _chat(self, choices: list, **more) -> dict:
        return {"choices": choices, "created": CREATED, "id": self.request_id, "model": self.model,
                "system_fingerprint": "b0-scripted", "object": "chat.completion.chunk", **more}

    def _text(self, text: str, finish: str | None, **more) -> dict:
        return {"choices": [{"text": text, "index": 0, "logprobs": None, "finish_reason": finish}],
                "created": CREATED, "model": self.model, "object": "text_completion", "id": self.request_id, **more}

    def progress(self, processed: int, elapsed_ms: float) -> bytes:
        state = {"prompt_progress": {"total": self.script.prompt_tokens, "cache": self.script.cached_tokens,
                                     "processed": processed, "time_ms": int(elapsed_ms)}}
        if self.kind == CHAT:
            delta = {"role": "assistant", "content": None}
            return sse(self._chat([{"finish_reason": None, "index": 0, "delta": delta}], **state))
        if self.kind == COMPLETION:
            return sse(self._text("", None, **state))
        return sse({"index": 0, "content": "", "tokens": [0], "stop": False, "id_slot": -1, "tokens_predicted": 0,
                    "tokens_evaluated": self.script.prompt_tokens, **state})

    def opening(self) -> bytes:
        """The frame without content that llama-server sends before a chat's first token."""
        if self.kind != CHAT:
            return b""
        delta = {"role": "assistant", "content": None}
        return sse(self._chat([{"finish_reason": None, "index": 0, "delta": delta}]))

    def token(self, number: int) -> bytes:
        text = self.script.token_text
        if self.kind == CHAT:
            return sse(self._chat([{"finish_reason": None, "index": 0, "delta": {"content": text}}]))
        if self.kind == COMPLETION:
            return sse(self._text(text, None))
        return sse({"index": 0, "content": text, "tokens": [number], "stop": False, "id_slot": -1,
                    "tokens_predicted": number + 1, "tokens_evaluated": self.script.prompt_tokens})

    def usage(self) -> dict:
        script = self.script
        return {"completion_tokens": script.tokens, "prompt_tokens": script.prompt_tokens,
                "total_tokens": script.tokens + script.prompt_tokens,
                "prompt_tokens_details": {"cached_tokens": script.cached_tokens}}

    def timings(self, prompt_ms: float, predicted_ms: float) -> dict:
        script = self.script
        return {"cache_n": script.cached_tokens, "prompt_n": script.prompt_tokens - script.cached_tokens,
                "prompt_ms": prompt_ms, "predicted_n": script.tokens, "predicted_ms": predicted_ms}

    def ending(self, timings: dict | None, include_usage: bool) -> list[bytes]:
        """The frames after the last token; where `timings` stand depends on the usage chunk, as there. Without
        timings: as servers other than llama-server end."""
        if timings is None:
            return self._openai_ending(include_usage)
        if self.kind == NATIVE:
            return [sse({**self._native_final(timings), "content": ""})]
        if self.kind == COMPLETION:
            return [sse(self._text("", self.script.finish_reason, usage=self.usage(), timings=timings)), sse(b"[DONE]")]
        last = [{"finish_reason": self.script.finish_reason, "index": 0, "delta": {}}]
        if not include_usage:
            return [sse(self._chat(last, timings=timings)), sse(b"[DONE]")]
        return [sse(self._chat(last)), sse(self._chat([], usage=self.usage(), timings=timings)), sse(b"[DONE]")]

    def _openai_ending(self, include_usage: bool) -> list[bytes]:
        if self.kind == COMPLETION:
            last = sse(self._text("", self.script.finish_reason))
            usage = {**self._text("", None, usage=self.usage()), "choices": []}
        else:
            last = sse(self._chat([{"finish_reason": self.script.finish_reason, "index": 0, "delta": {}}]))
            usage = self._chat([], usage=self.usage())
        return [last, *([sse(usage)] if include_usage else []), sse(b"[DONE]")]

    def plain(self, timings: dict | None) -> bytes:
        script = self.script
        measured = {} if timings is None else {"timings": timings}
        text = script.token_text * script.tokens
        text += "x" * max(0, script.body_bytes - len(text))
        if self.kind == CHAT:
            message = {"role": "assistant", "content": text}
            choices = [{"finish_reason": script.finish_reason, "index": 0, "message": message}]
            return compact({**self._chat(choices, usage=self.usage(), **measured), "object": "chat.completion"})
        if self.kind == COMPLETION:
            return compact(self._text(text, script.finish_reason, usage=self.usage(), **measured))
        return compact({**self._native_final(timings), "content": text})

    def _native_final(self, timings: dict) -> dict:
        script = self.script
        return {"index": 0, "content": "", "tokens": [], "id_slot": 0, "stop": True, "model": self.model,
                "tokens_predicted": script.tokens, "tokens_evaluated": script.prompt_tokens, "stop_type": "limit",
                "tokens_cached": script.prompt_tokens + script.tokens - 1, "timings": timings}


def error_body(status: int, message: str, kind: str = "server_error") -> bytes:
    return compact({"error": {"code": status, "message": message, "type": kind}})


def fixed_answers(persona: str, name: str) -> dict[str, bytes]:
    """The routes that say what the server is."""
    if persona == OPENAI:
        listed = {"id": name, "object": "model", "created": CREATED, "owned_by": "somebody"}
        return {"/v1/models": compact({"object": "list", "data": [listed]})}
    model = {"id": name, "aliases": [name], "tags": [], "object": "model", "created": CREATED,
             "owned_by": "llamacpp", "meta": {"n_ctx": 4096, "n_ctx_train": 4096, "n_params": 1, "size": 1}}
    props = {"default_generation_settings": {"params": {}, "n_ctx": 4096}, "total_slots": 4, "model_alias": name,
             "model_path": f"/models/{name}.gguf", "modalities": {"vision": False, "audio": False},
             "endpoint_slots": True, "endpoint_props": False, "endpoint_metrics": False,
             "build_info": "b0-scripted", "is_sleeping": False}
    return {
        "/health": compact({"status": "ok"}),
        "/v1/health": compact({"status": "ok"}),
        "/props": compact(props),
        "/v1/models": compact({"object": "list", "data": [model], "models": [{"name": name, "model": name}]}),
        "/slots": compact([{"id": slot, "n_ctx": 4096, "is_processing": False} for slot in range(4)]),
    }
