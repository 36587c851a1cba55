"""Checks that each room of src/ includes only what the design allows: layers.py SRC.

A room may include itself, the generated schema headers, and the rooms of its row. The store has two doors:
the append side for what pushes into it, the read side for what pulls out of it. Tests and benchmarks may
include any room, to set the scene that they need.
"""

import re
import sys
from pathlib import Path

STORE_READ = {"store/reader.h", "store/row_scanner.h"}
STORE_FILES = {"store/edge_file.h"}  # reads files outside the store through its database engine
STORE_AWAY = {"store/arrow_rows.h", "store/scratch.h"}  # rows that are worked on elsewhere, and back
STORE_APPEND = {"store/store.h"}

# room: (rooms whose every header may be included, single headers that may be included as well)
ALLOWED = {
    "base": (set(), set()),
    "gpus": ({"base"}, set()),
    "wire": (set(), set()),
    "probe": ({"wire"}, set()),  # a library of its own, loaded into the engine
    "gguf": ({"base"}, set()),
    "placement": ({"base", "gguf"}, set()),
    "store": ({"base"}, set()),
    "telemetry": ({"base", "gpus", "wire"}, STORE_APPEND),
    "receiver": ({"base"}, STORE_APPEND),
    "engine": ({"base", "gpus", "placement"}, set()),
    "gateway": ({"base", "telemetry"}, set()),
    "analytics": ({"base", "gguf"}, STORE_READ | STORE_FILES | STORE_AWAY),
    "load": ({"base"}, set()),
    "views": ({"base", "analytics"}, STORE_READ),
    "app": (None, set()),  # knows everything
}
SCENE = re.compile(r"(_test|_bench|_fuzz)\.cc$|^test_.*\.(h|cc)$")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def violations(source: Path):
    """Yields one message for each include that crosses a border, and for each room without a row."""
    for room in sorted(path for path in source.iterdir() if path.is_dir()):
        if room.name not in ALLOWED:
            yield f"{room}: no row for this room in {Path(__file__).name}"
            continue
        rooms, headers = ALLOWED[room.name]
        if rooms is None:
            continue
        for file in sorted(room.rglob("*")):
            if file.suffix not in {".h", ".c", ".cc"} or SCENE.search(file.name):
                continue
            text = file.read_text(encoding="utf-8")
            for match in INCLUDE.finditer(text):
                target = match.group(1)
                owner = target.split("/")[0]
                if owner in rooms | {room.name, "schema"} or target in headers:
                    continue
                line = text.count("\n", 0, match.start()) + 2 - match.group(0).lstrip("\n").count("\n")
                yield f'{file}:{line}: {room.name} may not include "{target}"'


def main() -> int:
    found = list(violations(Path(sys.argv[1])))
    print("\n".join(found), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
