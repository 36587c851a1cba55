"""What `flow` found, to read."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateway"))
import table  # noqa: E402


def apart(document: dict) -> dict[str, list[float]]:
    """MiB by which `status` and nvidia-smi differed, by what was read."""
    found: dict[str, list[float]] = {}
    for one in document.get("samples", []):
        for kind, values in one["beside_smi"].items():
            if kind != "error":
                found.setdefault(kind, []).extend(values)
    return found


def roles(document: dict) -> dict[str, list[int]]:
    """On which GPUs `status` saw each role."""
    found: dict[str, set[int]] = {}
    for one in document.get("samples", []):
        for gpu in one["status"].get("gpus", []) if isinstance(one["status"], dict) else []:
            for process in gpu["processes"]:
                found.setdefault(process["role"], set()).add(gpu["index"])
    return {role: sorted(cards) for role, cards in sorted(found.items())}


def misplaced(document: dict) -> list[str]:
    return sorted({sentence for one in document.get("samples", []) if isinstance(one["status"], dict)
                   for sentence in (one["status"].get("placement") or {}).get("misplaced", [])})


def analyses(document: dict) -> str:
    lines = [["asked meanwhile", "times", "failed", "back end", "median s", "longest s", "algorithm ms", "edges"]]
    for one in document["analyses"]:
        lines.append([one["what"], str(one["times"]), str(one["failed"]), ", ".join(one["backends"]),
                      table.number(one["seconds_median"], 2), table.number(one["seconds_longest"], 2),
                      table.number(one["algorithm_ms_median"], 1), table.number(one["most_edges"])])
    return table.rows(lines)


def threads(document: dict, key: str, rate: int) -> list[str]:
    shares = document.get(key)
    if not shares:
        return []
    each = ", ".join(f"{name} {100 * share:.2f}" for name, share in sorted(shares.items(), key=lambda one: -one[1]))
    return [f"threads of llamatelemetry at {rate} readings a second, % of one core: {each}"]


def text(document: dict) -> str:
    clients, report = document.get("clients"), document.get("report")
    lines = [f"{document['machine']}; engine {document['engine']}; {document['streams']} streams of {document['model']}; "
             f"back end {document['backend']}; load besides: {', '.join(document['load']) or 'none'}"]
    if clients:
        lines.append(f"clients: {clients['requests']} requests in {clients['seconds']:.0f} s, {clients['tokens_per_second']:.1f} "
                     f"tokens/s, TTFT p99 {clients['ttft_ms_p99']:.0f} ms, gap p99 {clients['gap_ms_p99']:.1f} ms")
        lines.append(f"GPUs busy: {document['busy'] or 'not known'} %; processes seen on: {document['on'] or 'not known'}; by "
                     f"status: {roles(document) or 'none'}")
    lines += [f"status: {sentence}" for sentence in misplaced(document)]
    for kind, off in apart(document).items():
        if off:
            lines.append(f"status beside nvidia-smi, {kind}: {min(off):+.1f} to {max(off):+.1f} MiB in {len(off)} readings")
    lines += threads(document, "threads", 10) + threads(document, "threads_fast", 100)
    if isinstance(report, dict):
        lines.append(f"report: {report['requests']} requests, {report['errors']} errors, losses {report.get('losses')}")
    for key in ("kept_answers", "gpu_roles", "batch_steps", "gpu_samples"):
        if document.get(key):
            lines.append(f"store, {key}: {document[key]}")
    if document.get("error"):
        lines.append(f"error: {document['error']}")
    return "\n".join(lines + (["", analyses(document)] if document.get("analyses") else []))
