#!/usr/bin/env python3
"""Makes docs/images/live.png: the live page after two minutes of real work of a real engine.

    python3 tests/browser/screenshot.py [--binary FILE] [--seconds N] [--out FILE] [-- ARGS for up]

Starts `llamatelemetry up` with its default model, lets several clients of different habits talk to it, opens one
request and takes the picture. Nothing in it is made up.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browser import chromium  # noqa: E402
from support import places  # noqa: E402
from support.product import Up  # noqa: E402

QUESTIONS = ["Name three rivers and one fact about each.", "Write a haiku about patience.",
             "Explain in two sentences why the sky is blue.", "What is a llama?", "List the planets.",
             "Translate 'good morning' to French, Spanish and German."]
SYSTEM = "You are a careful assistant of a small museum. Answer in plain words. " * 6


def talk(gateway: str, body: dict) -> None:
    request = urllib.request.Request(f"{gateway}/v1/chat/completions", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
    except (urllib.error.URLError, TimeoutError):
        pass  # a client that fails is on the page too


def client(gateway: str, over: threading.Event, seed: int) -> None:
    """One conversation after the other; each turn sends the whole conversation, so that the cache has work."""
    dice = random.Random(seed)
    while not over.is_set():
        messages = [{"role": "system", "content": SYSTEM}]
        for _ in range(dice.randint(1, 3)):
            messages.append({"role": "user", "content": dice.choice(QUESTIONS)})
            talk(gateway, {"messages": messages, "stream": dice.random() < 0.85, "max_tokens": dice.randint(8, 70)})
            messages.append({"role": "assistant", "content": "Yes."})
            if over.wait(dice.uniform(0.1, 4.0)):
                return


def take_picture(console: str, out: Path) -> None:
    with chromium.launched() as browser:
        page = browser.new_context(viewport={"width": 1360, "height": 1460}, color_scheme="light").new_page()
        page.goto(f"{console}/?span=60")
        page.wait_for_selector("#plot-phases .main-svg", timeout=30_000)
        page.wait_for_timeout(3000)
        # The request with the longest queue among those shown tells most.
        openers = page.locator("tr.request")
        queues = openers.evaluate_all(
            "rows => rows.slice(0, 3).map(row => Number((row.querySelector('.phase-queue') || {style: {}}).style.flexGrow || 0))")
        openers.nth(queues.index(max(queues))).locator("button.opener").click()
        page.locator(".spans li").first.wait_for(timeout=10_000)
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
        page.screenshot(path=str(out))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--out", type=Path, default=places.REPOSITORY / "docs/images/live.png")
    parser.add_argument("up", nargs="*", help="more arguments for up")
    options = parser.parse_args()
    if options.binary:
        os.environ["LLAMATELEMETRY_BIN"] = str(options.binary.resolve())
    with tempfile.TemporaryDirectory() as folder:
        instance = Up(Path(folder), options.up, engine_arguments=["-t", "1", "-tb", "1", "-np", "2"], wait_ready_s=120)
        try:
            over = threading.Event()
            clients = [threading.Thread(target=client, args=(instance.gateway, over, seed), daemon=True)
                       for seed in range(options.clients)]
            for thread in clients:
                thread.start()
            time.sleep(options.seconds)
            options.out.parent.mkdir(parents=True, exist_ok=True)
            take_picture(instance.console, options.out)
            over.set()
            for thread in clients:
                thread.join(70)
        finally:
            instance.stop(signal.SIGTERM, timeout_s=90)
    print(options.out)


if __name__ == "__main__":
    main()
