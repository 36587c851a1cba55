"""A plan beside what was measured: bytes on each card, whether they agree, and the table of all that."""

import sys
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateway"))
import table  # noqa: E402

MIB = 2**20
SHARE, BYTES = 0.03, 200 * MIB  # the larger of the two is how far a plan may be off
PARTS = ("weights", "kv", "compute")


def card(planned: dict, server: dict | None, measured: int | None, how: str | None) -> dict:
    """One card of the engine: `planned` from `plan --json`, `server` the buffers by its own log, `measured` NVML's bytes
    (None: not known). `rest` is what is measured beyond the server's buffers: CUDA's context, the code of the kernels,
    cuBLAS, ggml's pool."""
    parts = {part: planned[f"{part}_bytes"] for part in (*PARTS, "context")}
    total = sum(parts.values())
    found = {"index": planned["index"], "planned": parts, "planned_bytes": total, "server": server,
             "measured_bytes": measured, "measured_by": how, "off_bytes": None, "off_share": None, "within": None,
             "rest_bytes": None, "buffers_off_bytes": None}
    if server is not None:
        found["buffers_off_bytes"] = sum(parts[part] - server[part] for part in PARTS)
    if measured:
        off = total - measured
        found.update(off_bytes=off, off_share=off / measured, within=abs(off) <= max(SHARE * measured, BYTES))
        if server is not None:
            found["rest_bytes"] = measured - sum(server[part] for part in PARTS)
    return found


def host(planned: dict, places: dict[str, dict]) -> dict:
    """The same in RAM; what is not on a card is. The weights in RAM may be a mapped file, which counts as one span."""
    sums = {part: sum(sizes[part] for place, sizes in places.items() if not on_card(place)) for part in PARTS}
    return {"planned": {part: planned[f"{part}_bytes"] for part in PARTS}, "server": sums if places else None}


def on_card(place: str) -> bool:
    """"CUDA0" and "Meta(CUDA0,CUDA1)" are on cards, "CUDA_Host" is pinned RAM."""
    return place.startswith("Meta(") or (place.startswith("CUDA") and place[4:].isdigit())


def on_cards(places: dict[str, dict], count: int) -> list[dict | None]:
    """The server's buffers on each of its cards; None where it does not divide them (split mode tensor)."""
    nothing = dict.fromkeys(PARTS, 0)
    if any(place.startswith("Meta(") for place in places):
        return [None] * count
    return [places.get(f"CUDA{i}", nothing) if places else None for i in range(count)]


def mebibytes(value: int | None, sign: str = "") -> str:
    return "–" if value is None else f"{value / MIB:{sign},.0f}"


def verdict(one: dict) -> str:
    return {True: "yes", False: "**no**", None: "–"}[one["within"]]


HEAD = ["model", "options", "GPU", "weights", "KV", "compute", "context (est.)", "planned", "measured", "off by", "%",
        "within", "buffers off by", "beyond buffers"]


def rows(result: dict) -> list[list[str]]:
    """The lines of one case; one that failed has its error in place of figures."""
    options = " ".join(result["options"])
    if result.get("error"):
        return [[result["model"], options, *["–"] * (len(HEAD) - 3), result["error"].replace("|", "/")]]
    lines = []
    for one in result["cards"]:
        share = "–" if one["off_share"] is None else f"{100 * one['off_share']:+.1f}"
        lines.append([result["model"], options, str(one["index"]),
                      *(mebibytes(one["planned"][part]) for part in (*PARTS, "context")),
                      mebibytes(one["planned_bytes"]), mebibytes(one["measured_bytes"]), mebibytes(one["off_bytes"], "+"),
                      share, verdict(one), mebibytes(one["buffers_off_bytes"], "+"), mebibytes(one["rest_bytes"])])
    return lines


def whole_table(results: list[dict]) -> str:
    return table.rows([HEAD, *(line for result in results for line in rows(result))])


def summary(results: list[dict]) -> str:
    """In a few lines: how many agree, what the CUDA context is, whether the other card stayed untouched."""
    measured = [one for result in results for one in result.get("cards", []) if one["within"] is not None]
    lines = [f"{len(results)} cases, {sum(bool(one.get('error')) for one in results)} of them with an error"]
    if measured:
        good = sum(one["within"] for one in measured)
        lines.append(f"planned against measured: {good} of {len(measured)} cards within 3 % or 200 MiB; off by "
                     + spread([one["off_bytes"] for one in measured], "+"))
    buffers = [one["buffers_off_bytes"] for result in results for one in result.get("cards", [])]
    lines.append("planned buffers against the server's own, by card: off by " + spread(buffers, "+"))
    lines += contexts(results) + untouched(results) + beside_smi(results)
    return "\n".join(lines)


def spread(values: list[int | None], sign: str = "") -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "not known"
    return (f"{mebibytes(min(known), sign)} to {mebibytes(max(known), sign)}, median "
            f"{mebibytes(round(median(known)), sign)} MiB ({len(known)} cards)")


def contexts(results: list[dict]) -> list[str]:
    """What kEngineContextBytes of src/placement/cuda_estimates.h has to be, by kind of placement and by model."""
    groups: dict[str, list[int | None]] = {}
    for result in results:
        several = len(result.get("cards", [])) > 1
        for number, one in enumerate(result.get("cards", [])):
            place = "on one card" if not several else "on further cards" if number else "on the first of several cards"
            groups.setdefault(place, []).append(one["rest_bytes"])
            groups.setdefault(result["model"], []).append(one["rest_bytes"])
    return [f"beyond the server's buffers, {name}: {spread(values)}" for name, values in sorted(groups.items())
            if any(value is not None for value in values)]


def untouched(results: list[dict]) -> list[str]:
    watched = [one for result in results for one in result.get("others", [])]
    if not watched:
        return []
    listed = sum(one["listed"] for one in watched)
    grown = [one for one in watched if one["grown_bytes"]]
    compared = sum(one["grown_bytes"] is not None for one in watched)
    lines = [f"cards without a share: the engine listed on {listed} of {len(watched)}"]
    return [*lines, f"of them, {compared} that nothing else used: bytes changed on {len(grown)}"] if compared else lines


def beside_smi(results: list[dict]) -> list[str]:
    both = [result["smi_agrees"] for result in results if result.get("smi_agrees") is not None]
    return [f"nvidia-smi beside NVML: the same MiB in {sum(both)} of {len(both)} readings"] if both else []


def status_beside_smi(status: dict, used: dict[str, int | None], processes: dict[str, dict[int, int | None]]) -> dict:
    """Readings of `status --json` less those of nvidia-smi, in MiB, of what both know: of each card, of the engine's
    processes and of the other ones, as a list of differences each. Only what changes slowly can agree: the two are not
    taken at one time."""
    found: dict[str, list[float]] = {}
    for gpu in status.get("gpus", []):
        found.setdefault(f"card {gpu['index']}", []).extend(difference(gpu["memory_used_bytes"], used.get(gpu["uuid"])))
        for process in gpu["processes"]:
            kind = "engine" if process["role"] == "engine" else "others"
            off = difference(process["memory_bytes"], processes.get(gpu["uuid"], {}).get(process["pid"]))
            found.setdefault(kind, []).extend(off)
    return found


def difference(ours: int | None, mebibytes_of_smi: int | None) -> list[float]:
    return [] if ours is None or mebibytes_of_smi is None else [ours / MIB - mebibytes_of_smi]
