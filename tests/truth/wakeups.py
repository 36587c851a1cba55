"""How long this machine takes to wake a process that waits for bytes, measured while something else is measured.

Every moment we compare passed from one process to another: the engine writes, the gateway wakes up and reads its
clock. On a quiet machine that takes some 50 microseconds; where compilers use all cores, it takes milliseconds, which
no gateway can know. So the wake-up time is measured during the very same run, and only what lies beyond it counts.
"""

import os
import struct
import subprocess
import sys
import threading
import time

EVERY_S = 0.005

RECEIVER = """
import statistics, struct, sys, os, time
late = []
while data := os.read(0, 8):
    late.append(time.clock_gettime_ns(time.CLOCK_MONOTONIC) - struct.unpack('q', data)[0])
print(statistics.median(late))
"""


class WakeUps:
    """`with WakeUps() as measured: ...; measured.median_ms` once it is over."""

    median_ms: float

    def __enter__(self) -> "WakeUps":
        self._child = subprocess.Popen([sys.executable, "-c", RECEIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._stop = threading.Event()
        self._sender = threading.Thread(target=self._send)
        self._sender.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._sender.join()
        self._child.stdin.close()
        self.median_ms = float(self._child.stdout.read()) / 1e6
        self._child.stdout.close()
        self._child.wait(5)

    def _send(self) -> None:
        time.sleep(0.2)  # the child's start is not a wake-up
        descriptor = self._child.stdin.fileno()
        while not self._stop.wait(EVERY_S):
            os.write(descriptor, struct.pack("q", time.clock_gettime_ns(time.CLOCK_MONOTONIC)))
