"""Prints the headers of ours that a source file includes, directly or not: own_headers.py SRC FILE"""

import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def own_headers(src: Path, file: Path) -> list[Path]:
    found: list[Path] = []
    waiting = [file]
    while waiting:
        of = waiting.pop()
        for name in INCLUDE.findall(of.read_text()):
            # What is in neither place is generated from schema/ or another project's.
            header = next((place / name for place in (src, of.parent) if (place / name).is_file()), None)
            if header and header not in found:
                found.append(header)
                waiting.append(header)
    return sorted(found)


if __name__ == "__main__":
    print(*own_headers(Path(sys.argv[1]), Path(sys.argv[2])), sep="\n")
