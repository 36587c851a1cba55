"""The benchmark's result as text: medians over the rounds, what each proxy adds, and how that compares."""

from statistics import median


def middle(rounds: list[dict], key: str):
    values = [one[key] for one in rounds if one.get(key) is not None]
    return median(values) if values else None


def added(rounds: list[dict], direct: list[dict], key: str):
    """The median over rounds of what this one takes longer than the direct way in the same round."""
    return median(one[key] - base[key] for one, base in zip(rounds, direct))


def ratio(ours, other) -> str:
    return f"{ours / other:.2f}" if ours is not None and other else "–"


def rows(lines: list[list[str]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)


def number(value, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def plain_table(plain: dict) -> str:
    lines = [["plain answers, connections", "way", "p50 µs", "p99 µs", "added p50", "added p99", "requests/s",
              "requests per CPU second", "added p50 ÷ haproxy's", "added p99 ÷ haproxy's"]]
    for connections, ways in plain.items():
        direct, floor = ways["direct"], ways["haproxy"]
        for way, rounds in ways.items():
            extra = {key: added(rounds, direct, key) for key in ("p50_us", "p99_us")}
            base = {key: added(floor, direct, key) for key in ("p50_us", "p99_us")}
            measured = way not in ("direct", "haproxy")
            lines.append([connections, way, number(middle(rounds, "p50_us")), number(middle(rounds, "p99_us")),
                          *("" if way == "direct" else f"{extra[key]:+,.0f}" for key in extra),
                          number(middle(rounds, "requests_per_second")),
                          number(middle(rounds, "requests_per_cpu_second")),
                          *(ratio(extra[key], base[key]) if measured else "" for key in extra)])
    return rows(lines)


def stream_table(streams: dict) -> str:
    lines = [["streams at once", "way", "first content p50 µs", "p99 µs", "added p50", "added p99", "whole stream p50 ms",
              "chunks/s", "chunks per CPU second"]]
    for connections, ways in streams.items():
        direct = [one["first_us"] for one in ways["direct"]]
        for way, rounds in ways.items():
            first = [one["first_us"] for one in rounds]
            total = [one["total_us"] for one in rounds]
            lines.append([connections, way, number(middle(first, "p50")), number(middle(first, "p99")),
                          *("" if way == "direct" else f"{added(first, direct, key):+,.0f}" for key in ("p50", "p99")),
                          number(middle(total, "p50") / 1e3, 1), number(middle(rounds, "events_per_second")),
                          number(middle(rounds, "events_per_cpu_second"))])
    return rows(lines)


def memory_table(memory: dict) -> str:
    lines = [["streams at once", "way", "completed", "errors", "first content p50 ms", "p99 ms", "peak resident MB"]]
    for way, one in memory.items():
        lines.append([str(one["streams"]), way, str(one["completed"]), str(one["errors"]),
                      number(one["first_ms_p50"], 1), number(one["first_ms_p99"], 1), number(one["peak_resident_mb"])])
    return rows(lines)


def engine_table(engine: dict) -> str:
    direct = middle(engine["direct"], "tokens_per_second")
    lines = [["llama-server, 8 streams", "tokens/s", "÷ direct"]]
    for way, rounds in engine.items():
        pairs = [one["tokens_per_second"] / base["tokens_per_second"] for one, base in zip(rounds, engine["direct"])]
        lines.append([way, number(middle(rounds, "tokens_per_second"), 1), f"{median(pairs):.3f}" if direct else "–"])
    return rows(lines)


def text(result: dict) -> str:
    machine = result["machine"]
    parts = [f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}; {result['rounds']} interleaved "
             f"rounds of {result['seconds']:g} s each, medians; load average before: {machine['load']}"]
    for key, table in (("plain", plain_table), ("streams", stream_table), ("memory", memory_table),
                       ("engine", engine_table)):
        if result.get(key):
            parts.append(table(result[key]))
    return "\n\n".join(parts)
