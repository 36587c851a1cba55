"""Chromium that draws WebGL on the processor, or on a GPU without a display, and never one in the other's name."""

import json
import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as xml
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from browser import chromium  # noqa: E402

FRAMES = Path(__file__).with_name("frames.js")
ATTEMPT_SECONDS = 30
SOFTWARE = re.compile(r"swiftshader|llvmpipe|softpipe|lavapipe|software|basic render", re.IGNORECASE)
ON_GPU = [*(flag for flag in chromium.FLAGS if flag != "--disable-gpu"), "--ignore-gpu-blocklist",
          "--enable-gpu-rasterization", "--disable-gpu-sandbox"]
# Ways to a GPU that has no display, the likeliest first: which of them works is the driver's and chromium's business.
WAYS = {
    "Vulkan": ["--use-angle=vulkan", "--enable-features=Vulkan", "--disable-vulkan-surface", "--enable-unsafe-webgpu"],
    "Vulkan for WebGL alone": ["--use-angle=vulkan"],
    "OpenGL through EGL": ["--use-gl=angle", "--use-angle=gl-egl"],
    "OpenGL ES through EGL": ["--use-gl=angle", "--use-angle=gles-egl"],
    "OpenGL": ["--use-gl=angle", "--use-angle=gl"],
    "what chromium chooses": [],
}
# Frames as fast as they can be drawn, instead of 60 a second.
UNCAPPED = ["--disable-frame-rate-limit", "--disable-gpu-vsync"]


class Way:
    """How chromium is started, and what then draws."""

    def __init__(self, name: str, flags: list[str], renderer: str | None):
        self.name, self.flags, self.renderer = name, flags, renderer

    @property
    def on_gpu(self) -> bool:
        return bool(self.renderer) and not SOFTWARE.search(self.renderer)

    def __str__(self) -> str:
        return f"{self.renderer or 'no WebGL'} (asked for: {self.name})"


def way(where: str) -> Way:
    """The first that draws `where` is asked for, "processor" or "gpu". SystemExit when there is no GPU to measure."""
    if where == "processor":
        return attempt("the processor", chromium.WEBGL_FLAGS)
    tried = []
    for name, flags in WAYS.items():
        found = attempt(name, [*ON_GPU, *flags])
        if found.on_gpu:
            return found
        tried.append(str(found))
    raise SystemExit("Chromium draws on no GPU here, so nothing was measured: it drew with " + "; ".join(tried) +
                     ". Look for the driver's Vulkan and EGL libraries (VK_DRIVER_FILES, __EGL_VENDOR_LIBRARY_FILENAMES), "
                     "or measure with --webgl processor.")


def attempt(name: str, flags: list[str]) -> Way:
    """In a process of its own, since a browser without a GPU that works may wait for it without an end."""
    child = subprocess.Popen([sys.executable, __file__, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             start_new_session=True)
    try:
        said, wrong = child.communicate(timeout=ATTEMPT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        said, wrong = "", f"no answer within {ATTEMPT_SECONDS} s"
        child.communicate()
    seen = json.loads(said) if said and child.returncode == 0 else {"renderer": None, "gpu": {}}
    found = Way(name, flags, seen["renderer"])
    print(f"WebGL: {found}", flush=True)
    if child.returncode:
        print(f"  {wrong.strip().splitlines()[-1] if wrong.strip() else 'chromium ended'}", flush=True)
    for line in summary(seen["gpu"]):
        print(f"  {line}", flush=True)
    return found


def summary(gpu: dict) -> list[str]:
    """What chrome://gpu says."""
    more, features = gpu.get("auxAttributes", {}), gpu.get("featureStatus", {})
    lines = [", ".join(f"{key} {more[key]}" for key in ("glImplementationParts", "glRenderer", "displayType") if more.get(key)),
             ", ".join(f"{key} {value}" for key, value in sorted(features.items()))]
    return [line for line in lines if line]


def look(flags: list[str]) -> dict:
    with chromium.launched(flags) as browser:
        page = browser.new_page()
        page.add_init_script(path=FRAMES)
        page.goto("data:text/html,<title>WebGL</title>")
        return {"renderer": page.evaluate("llamatelemetryFrames.renderer()"),
                "gpu": browser.new_browser_cdp_session().send("SystemInfo.getInfo")["gpu"]}


@contextmanager
def opened(found: Way, uncapped: bool = False):
    with chromium.launched([*found.flags, *(UNCAPPED if uncapped else [])]) as browser:
        yield browser


def gpu_process(browser) -> int | None:
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return next((one["id"] for one in processes if one["type"].lower() == "gpu"), None)


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def card_memory_mb(pid: int | None = None) -> float | None:
    """Of an NVIDIA card's memory what this process holds, without one what is in use by all; None where the driver does
    not say."""
    try:
        text = subprocess.run(["nvidia-smi", "-q", "-x"], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    cards = xml.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", text)).findall("gpu")
    if pid is None:
        sizes = [card.findtext("fb_memory_usage/used") for card in cards]
    else:
        sizes = [one.findtext("used_memory") for card in cards for one in card.iter("process_info")
                 if one.findtext("pid") == str(pid)]
    known = [re.fullmatch(r"(\d+) MiB", size or "") for size in sizes]
    return sum(int(one.group(1)) for one in known) * 2**20 / 1e6 if known and all(known) else None


if __name__ == "__main__":
    print(json.dumps(look(sys.argv[1:])))
