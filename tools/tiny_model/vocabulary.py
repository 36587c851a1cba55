"""A small SentencePiece-style vocabulary: control tokens, all bytes, printable characters, common words.

Any text can be tokenized (bytes are the fallback). Words are reachable because each of their prefixes is a
token as well; longer pieces have better scores, so the tokenizer grows them from the left.
"""

from dataclasses import dataclass

SPACE = "\u2581"  # how SentencePiece writes a space

NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6

CONTROL_TOKENS = ["<s>", "</s>", "<|im_start|>", "<|im_end|>"]
BOS, EOS, END_OF_TURN = 1, 2, 4
TOOL_CALL = 261  # the text "<tool_call>\n" as one token: with a logit bias on it, a tool call is sure to come

WORDS = """the of and to in is that it was for on are with as be at by this have from or one had not but what
all were when we there can an your which their said if do will each about how up out them then she many some so
these would other into has more her two like him see time could no make than first been its who now people my made
over did down only way find use may water long little very after word called just where most know get through back
much before go good new write our used me man too any day same right look think also around another came come work
three must because does part even place well such here take why help put different away again off went old number
great tell men say small every found still between name should home big give air line set own under read last never
us left end along while might next sound below saw something thought both few those always looked show large often
together asked house world going want user assistant system hello question answer token model time engine""".split()

CHAT_TEMPLATE = r"""{%- if tools %}
{{- '<|im_start|>system\nTools:' }}
{%- for tool in tools %}{{- '\n' }}{{- tool | tojson }}{%- endfor %}
{{- '\nCall one with <tool_call>\n{"name": NAME, "arguments": ARGUMENTS}\n</tool_call><|im_end|>\n' }}
{%- endif %}
{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\n' }}
{%- if message.content %}{{- message.content }}{%- endif %}
{%- for call in message.tool_calls or [] %}
{{- '\n<tool_call>\n{"name": "' }}{{- call.function.name }}{{- '", "arguments": ' }}
{{- call.function.arguments | tojson }}{{- '}\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"""


@dataclass(frozen=True)
class Vocabulary:
    tokens: list[str]
    scores: list[float]
    types: list[int]
    silent: list[int]  # tokens that a model of ours never picks of its own: control tokens, raw bytes, <tool_call>

    def metadata(self) -> dict:
        return {
            "tokenizer.ggml.model": "llama",
            "tokenizer.ggml.pre": "default",
            "tokenizer.ggml.tokens": self.tokens,
            "tokenizer.ggml.scores": self.scores,
            "tokenizer.ggml.token_type": self.types,
            "tokenizer.ggml.bos_token_id": _u32(BOS),
            "tokenizer.ggml.eos_token_id": _u32(EOS),
            "tokenizer.ggml.eot_token_id": _u32(END_OF_TURN),
            "tokenizer.ggml.unknown_token_id": _u32(0),
            "tokenizer.ggml.add_bos_token": True,
            "tokenizer.ggml.add_eos_token": False,
            "tokenizer.ggml.add_space_prefix": False,
            "tokenizer.chat_template": CHAT_TEMPLATE,
        }


def _u32(value: int):
    from .gguf_writer import U32
    return U32(value)


def _pieces() -> list[str]:
    characters = [SPACE, "\n"] + [chr(code) for code in range(0x21, 0x7F)] + list("äöüßéèàçñøåœαβγδπλΩжияш日本語中文한국€→✓😀🚀")
    prefixes = {(SPACE + word)[:length] for word in WORDS for length in range(2, len(word) + 2)}
    return list(dict.fromkeys(characters)) + sorted(prefixes, key=lambda piece: (len(piece), piece))


def build(size: int | None = None) -> Vocabulary:
    """The smallest vocabulary there is, or one padded with filler words to `size` tokens."""
    tokens = ["<unk>"] + CONTROL_TOKENS + [f"<0x{byte:02X}>" for byte in range(256)]
    types = [UNKNOWN] + [CONTROL] * len(CONTROL_TOKENS) + [BYTE] * 256
    assert len(tokens) == TOOL_CALL
    tokens.append("<tool_call>\n")
    types.append(NORMAL)
    silent = list(range(len(tokens)))
    scores = [0.0] * len(tokens)
    for piece in _pieces():
        tokens.append(piece)
        types.append(NORMAL)
        scores.append(-20.0 if len(piece) == 1 else float(len(piece)) - 20.0)
    if size is not None and size < len(tokens):
        raise ValueError(f"a vocabulary needs at least {len(tokens)} tokens, not {size}")
    for index in range(len(tokens), size or 0):
        tokens.append(f"{SPACE}w{index}")  # never produced by the tokenizer, since its prefixes are no tokens
        types.append(NORMAL)
        scores.append(-1000.0)
    return Vocabulary(tokens, scores, types, silent)
