"""Reads JUnit files of pytest and ctest.

    junit.py FILE...             prints "PASSED FAILED SKIPPED" added up
    junit.py --reasons FILE...   prints each failed test, and each reason for skipping with its tests counted
"""

import sys
import xml.etree.ElementTree as tree
from collections import Counter
from pathlib import Path


def cases(files):
    """Yields (suite, test, outcome, message) for every test case that can be read."""
    for name in files:
        try:
            root = tree.parse(name).getroot()
        except (OSError, tree.ParseError):
            continue
        for case in root.iter("testcase"):
            bad = next((part for tag in ("failure", "error") for part in case.iter(tag)), None)
            skip = case.find("skipped")
            label = "::".join(text for text in (case.get("classname", ""), case.get("name", "")) if text)
            if bad is not None:
                yield Path(name).stem, label, "failed", bad.get("message") or ""
            elif skip is not None:
                yield Path(name).stem, label, "skipped", skip.get("message") or (skip.text or "").strip()
            else:
                yield Path(name).stem, label, "passed", ""


def main(arguments):
    if arguments[:1] != ["--reasons"]:
        outcomes = Counter(outcome for _, _, outcome, _ in cases(arguments))
        print(outcomes["passed"], outcomes["failed"], outcomes["skipped"])
        return
    found = list(cases(arguments[1:]))
    reasons = Counter((suite, message.splitlines()[0] if message else "no reason given")
                      for suite, _, outcome, message in found if outcome == "skipped")
    for (suite, reason), count in sorted(reasons.items()):
        print(f"skipped: {suite}: {count} × {reason}")
    for suite, label, outcome, message in found:
        if outcome == "failed":
            print(f"failed:  {suite}: {label}: {message.splitlines()[0][:160] if message else ''}")


if __name__ == "__main__":
    main(sys.argv[1:])
