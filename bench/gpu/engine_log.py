"""What llama-server says about memory while it loads (llama.cpp 11434, at verbosity 4)."""

import re

MIB = 2**20
BUFFER = re.compile(r": +(\S+) +(model|KV|RS|compute|output) +buffer size += +([0-9.]+) MiB")
COPIES = re.compile(r"sched copies = (\d+)")
OFFLOADED = re.compile(r"offloaded (\d+)/(\d+) layers to GPU")
POOL = re.compile(r"Device (\d+): (.+?), compute capability ([0-9.]+), VMM: (yes|no)")
# From the surest sign of what ended a server to the weakest.
COMPLAINTS = [re.compile(r"GGML_ASSERT|CUDA error"), re.compile(r"^\S+ E "),
              re.compile(r"error|fail|abort|support|invalid", re.IGNORECASE)]
PARTS = {"model": "weights", "KV": "kv", "RS": "kv", "compute": "compute", "output": "compute"}
# A reservation that is made again replaces the one before; weights and caches come in several buffers.
REPLACED = ("compute", "output")


def buffers(text: str) -> dict[str, dict[str, int]]:
    """Bytes by the buffer's place ("CUDA0", "CUDA_Host", "CPU", "Meta(CUDA0,CUDA1)") and by weights, kv, compute.
    The log has MiB with two decimals."""
    kinds: dict[tuple[str, str], int] = {}
    for place, kind, size in BUFFER.findall(text):
        before = 0 if kind in REPLACED else kinds.get((place, kind), 0)
        kinds[place, kind] = before + round(float(size) * MIB)
    places: dict[str, dict[str, int]] = {}
    for (place, kind), size in kinds.items():
        sums = places.setdefault(place, dict.fromkeys(("weights", "kv", "compute"), 0))
        sums[PARTS[kind]] += size
    return places


def facts(text: str) -> dict:
    """What else explains a figure; None where the server did not say."""
    copies, offloaded = COPIES.findall(text), OFFLOADED.findall(text)
    pools = {index: vmm == "yes" for index, _, _, vmm in POOL.findall(text)}
    return {"copies": int(copies[-1]) if copies else None,
            "pipelined": "pipeline parallelism enabled" in text,
            "offloaded": "/".join(offloaded[-1]) if offloaded else None,
            "virtual_memory_pool": all(pools.values()) if pools else None}


def complaint(text: str) -> str:
    """The line that says why a server ended, or its last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for sign in COMPLAINTS:
        found = next((line for line in lines if sign.search(line)), None)
        if found:
            return found[:300]
    return lines[-1][:300] if lines else "it said nothing"
