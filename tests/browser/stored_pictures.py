#!/usr/bin/env python3
"""Takes pictures of the console over a store that was brought from elsewhere, e.g. by bench/gpu/flow.

    python3 tests/browser/stored_pictures.py STORE [--binary FILE] [--out FOLDER] [--pages live,requests,trace,graph]

STORE is the data folder, or an archive of it; the pictures show the time in which its requests are. No engine runs: the
console is that of an `up` whose only upstream is not there, and reads what was stored.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browser import chromium  # noqa: E402
from support import places  # noqa: E402
from support.product import Up  # noqa: E402
from support.waiting import wait_until  # noqa: E402

NOBODY = "http://127.0.0.1:9"  # the port that discards; nothing listens there
TIMES = "SELECT min(start_unix_ns) // 1000000000 AS begun, max(start_unix_ns + total_ns) // 1000000000 + 1 AS ended FROM requests"
# Of a usual request, not of the first, which warmed everything up: the one at the 99th percentile.
EXAMPLE = ("SELECT request_id FROM requests WHERE operation IS NOT NULL AND error_type IS NULL ORDER BY abs(total_ns - "
           "(SELECT quantile_cont(total_ns, 0.99) FROM requests)) LIMIT 1")
# Where, what is there when it is drawn, and how high a picture.
PAGES = {
    "live": ("/?from={begun}&to={ended}", "document.querySelector('#plot-phases .main-svg')", 1240),
    "requests": ("/requests?since={begun}000000000&until={ended}000000000", "document.querySelector('#request-list tr.request')",
                 900),
    "trace": ("/trace/{example}", "window.llamatelemetryTimeline?.whole", 900),
    "graph": ("/graph?graph=interference&algorithm=louvain", "window.llamatelemetryGraph?.picture", 900),
}


def unpacked(store: Path, folder: Path) -> Path:
    """A copy: serving it writes to it."""
    folder.mkdir()
    if store.is_dir():
        subprocess.run(["cp", "-a", f"{store}/.", folder], check=True)
    else:
        subprocess.run(["tar", "-C", folder, "-xf", store], check=True)
    return folder


def console_of(instance: Up) -> str | None:
    """It never says that it is ready, since it cannot serve; the console does not wait for that."""
    done = subprocess.run([places.product(), "status", "--json", "--data", instance.data], capture_output=True, text=True,
                          check=False, timeout=30)
    return json.loads(done.stdout)["console"]["url"] if done.returncode == 0 else None


def take(instance: Up, out: Path, wanted: list[str], seconds: int) -> None:
    facts = {**instance.sql(TIMES)[0], "example": instance.sql(EXAMPLE)[0]["request_id"]}
    facts["ended"] = min(facts["ended"], facts["begun"] + seconds) if seconds else facts["ended"]
    with chromium.launched(chromium.WEBGL_FLAGS) as browser:
        for name in wanted:
            path, shown, height = PAGES[name]
            page = browser.new_context(viewport={"width": 1440, "height": height}, color_scheme="light").new_page()
            page.goto(instance.console + path.format(**facts))
            page.wait_for_function(f"() => {shown}", timeout=120_000)
            page.wait_for_timeout(4000)
            page.mouse.move(0, 0)
            page.screenshot(path=str(out / f"{name}.png"), timeout=240_000)
            print(out / f"{name}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--binary", type=Path)
    parser.add_argument("--out", type=Path, default=places.REPOSITORY / "build/pictures")
    parser.add_argument("--seconds", type=int, default=0, help="only the first so many; 0: all")
    parser.add_argument("--pages", default=",".join(PAGES))
    options = parser.parse_args()
    wanted = options.pages.split(",")
    if unknown := [name for name in wanted if name not in PAGES]:
        parser.error(f"there is no page {', '.join(unknown)}; there are {', '.join(PAGES)}")
    if options.binary:
        os.environ["LLAMATELEMETRY_BIN"] = str(options.binary.resolve())
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = unpacked(options.store, Path(folder) / "data")
        instance = Up(Path(folder), ["--upstream", NOBODY, "--retention", "0", "--store-max", "0"], data=data, wait_ready_s=None)
        try:
            instance.console = wait_until(lambda: console_of(instance), "the console", 30)
            take(instance, options.out, wanted, options.seconds)
        finally:
            instance.stop(signal.SIGTERM, timeout_s=60)


if __name__ == "__main__":
    main()
