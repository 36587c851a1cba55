"""The system's chromium, driven by Playwright, without any traffic of its own."""

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
# WebGL on the processor.
WEBGL_FLAGS = [flag for flag in FLAGS if flag != "--disable-gpu"] + ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def executable() -> str | None:
    """LLAMATELEMETRY_CHROMIUM, otherwise chromium in PATH."""
    return os.environ.get("LLAMATELEMETRY_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def launched(flags: list[str] = FLAGS):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=flags, headless=True)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page, and what went wrong on it."""

    page: object
    problems: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


def watched_page(context, console: str) -> Watched:
    """A page that notes errors of scripts and requests to anywhere but the console."""
    watched = Watched(context.new_page())
    home = urlsplit(console).netloc

    def note_request(request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != home:
            watched.outside.append(request.url)

    watched.page.on("console", lambda message: watched.problems.append(message.text) if message.type == "error" else None)
    watched.page.on("pageerror", lambda error: watched.problems.append(str(error)))
    watched.page.on("request", note_request)
    return watched


def fits(page, *widths: int) -> None:
    """Nothing scrolls sideways at these widths, once the page has taken each."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth", timeout=10_000)
