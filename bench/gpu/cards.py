"""The NVIDIA cards of this machine, read through NVML, and through nvidia-smi beside it."""

import subprocess
import time

MIB = 2**20


class Cards:
    """In PCI bus order, as NVML and CUDA_DEVICE_ORDER=PCI_BUS_ID count them."""

    def __init__(self):
        import pynvml  # only where there is a GPU
        self.nvml = pynvml
        pynvml.nvmlInit()
        self.handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        self.uuids = [text(pynvml.nvmlDeviceGetUUID(handle)) for handle in self.handles]
        self.names = [text(pynvml.nvmlDeviceGetName(handle)) for handle in self.handles]
        self.totals = [pynvml.nvmlDeviceGetMemoryInfo(handle).total for handle in self.handles]
        self.driver = text(pynvml.nvmlSystemGetDriverVersion())

    def __len__(self) -> int:
        return len(self.handles)

    def used(self) -> list[int]:
        """Bytes in use on each card, by whomever; without what the driver keeps for itself where NVML says how much."""
        return [self.nvml.nvmlDeviceGetMemoryInfo(handle).used for handle in self.handles]

    def processes(self) -> list[dict[int, int | None]]:
        """For each card the bytes of each process on it; None where NVML lists a process but not its bytes."""
        return [{one.pid: one.usedGpuMemory for one in self.nvml.nvmlDeviceGetComputeRunningProcesses(handle)}
                for handle in self.handles]

    def busy(self) -> list[int]:
        """Per cent of the last sampling period in which a kernel ran, on each card."""
        return [self.nvml.nvmlDeviceGetUtilizationRates(handle).gpu for handle in self.handles]

    def machine(self) -> str:
        sizes = ", ".join(f"{name} {total // MIB} MiB" for name, total in zip(self.names, self.totals))
        return f"{sizes}; driver {self.driver}"


class NoCards:
    """A trial without a GPU: nothing is measured, and nothing pretends to be."""

    uuids: list[str] = []
    names: list[str] = []

    def __len__(self) -> int:
        return 0

    def used(self) -> list[int]:
        return []

    def processes(self) -> list[dict[int, int | None]]:
        return []

    def busy(self) -> list[int]:
        return []

    def machine(self) -> str:
        return "a trial on the processor: no GPU memory was measured"


def text(value) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def highest(cards, pids: list[int], samples: int = 3, pause: float = 0.05) -> dict:
    """The highest of a few readings: `process` has the bytes of these processes on each card (None where a card lists
    one without its bytes), `card` all bytes in use, `listed` whether one of them is on the card at all."""
    count = len(cards)
    process: list[int | None] = [0] * count
    card, listed = [0] * count, [False] * count
    for index in range(samples):
        if index:
            time.sleep(pause)
        for i, (there, used) in enumerate(zip(cards.processes(), cards.used())):
            ours = [there[pid] for pid in pids if pid in there]
            listed[i] = listed[i] or bool(ours)
            if None in ours or process[i] is None:
                process[i] = None
            else:
                process[i] = max(process[i], sum(ours))
            card[i] = max(card[i], used)
    return {"process": process, "card": card, "listed": listed}


def smi(query: str, fields: str) -> list[list[str]]:
    """The rows of `nvidia-smi --query-QUERY=FIELDS`; MiB without a unit."""
    done = subprocess.run(["nvidia-smi", f"--query-{query}={fields}", "--format=csv,noheader,nounits"],
                          capture_output=True, text=True, check=True, timeout=20)
    return [[cell.strip() for cell in line.split(",")] for line in done.stdout.splitlines() if line.strip()]


def smi_used() -> dict[str, int | None]:
    """MiB in use by card's UUID; None where nvidia-smi does not say."""
    return {uuid: number(size) for uuid, size in smi("gpu", "uuid,memory.used")}


def smi_processes() -> dict[str, dict[int, int | None]]:
    """MiB by process on each card that has one."""
    found: dict[str, dict[int, int | None]] = {}
    for uuid, pid, size in smi("compute-apps", "gpu_uuid,pid,used_memory"):
        found.setdefault(uuid, {})[int(pid)] = number(size)
    return found


def smi_reading(cards, pids: list[int]) -> dict:
    """As `highest`, by nvidia-smi: MiB of these processes and of all on each card; None where it does not say."""
    used, processes = smi_used(), smi_processes()
    ours = [[size for pid, size in processes.get(uuid, {}).items() if pid in pids] for uuid in cards.uuids]
    return {"process_mib": [None if None in sizes else sum(sizes) for sizes in ours],
            "card_mib": [used.get(uuid) for uuid in cards.uuids]}


def number(cell: str) -> int | None:
    return int(cell) if cell.isdigit() else None
