"""Waiting for something to become true, instead of sleeping and hoping."""

import time
from typing import Callable, TypeVar

T = TypeVar("T")


def wait_until(probe: Callable[[], T], what: str, timeout_s: float = 10.0, every_s: float = 0.02) -> T:
    """Calls `probe` until it gives something true and returns that; fails, naming `what`, after the timeout.
    A probe that raises OSError or AssertionError counts as not yet true."""
    deadline = time.monotonic() + timeout_s
    last: object = None
    while True:
        try:
            last = probe()
            if last:
                return last
        except (OSError, AssertionError) as error:
            last = error
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout_s} s: {what} (last: {last!r})")
        time.sleep(every_s)
