"""Graphs of every kind that has been known to go wrong, as rows (src, dst, weight), the same every time."""

import random
from dataclasses import dataclass, field


@dataclass
class Kind:
    name: str
    rows: list = field(default_factory=list)
    weighted: bool = False

    @property
    def vertices(self) -> list:
        return list(dict.fromkeys(v for row in self.rows for v in row[:2]))


def uniform(seed: int, vertices: int, edges: int) -> list:
    dice = random.Random(seed)
    return [(dice.randrange(vertices), dice.randrange(vertices), 1.0) for _ in range(edges)]


def power_law(seed: int, vertices: int) -> list:
    dice, ends, rows = random.Random(seed), [0, 1], [(0, 1, 1.0)]
    for v in range(2, vertices):
        for target in {dice.choice(ends) for _ in range(3)}:
            rows.append((v, target, 1.0))
            ends += [v, target]
    return rows


def grid(width: int, height: int) -> list:
    rows = []
    for y in range(height):
        for x in range(width):
            rows += [(f"{x}/{y}", f"{x + 1}/{y}", 1.0)] if x + 1 < width else []
            rows += [(f"{x}/{y}", f"{x}/{y + 1}", 1.0)] if y + 1 < height else []
    return rows


def cliques(count: int, size: int) -> list:
    rows = []
    for c in range(count):
        rows += [(c * size + i, c * size + j, 1.0) for i in range(size) for j in range(i)]
        rows.append((c * size, (c + 1) % count * size, 1.0))
    return rows


def weighted(seed: int) -> list:
    dice = random.Random(seed)
    return [(u, v, dice.choice([0.0, 0.125, 1.0, 2.5, 1e-3, 40.0])) for u, v, _ in uniform(seed, 40, 200)]


def with_loops(seed: int) -> list:
    return uniform(seed, 40, 120) + [(v, v, 1.0) for v in range(0, 40, 3)] + [(99, 99, 1.0)]


def with_parallel(seed: int) -> list:
    rows = uniform(seed, 30, 100)
    return rows + rows[::2] + [(v, u, w) for u, v, w in rows[::3]]


ZOO = [
    Kind("random", uniform(1, 60, 240)),
    Kind("power-law", power_law(2, 90)),
    Kind("grid", grid(9, 7)),
    Kind("star", [("hub", f"leaf {i}", 1.0) for i in range(25)]),
    Kind("path", [(i, i + 1, 1.0) for i in range(20)]),
    Kind("cliques", cliques(6, 7)),
    Kind("disconnected", cliques(3, 4) + [(100 + u, 100 + v, w) for u, v, w in uniform(3, 20, 25)] + [(200, 201, 1.0)]),
    Kind("self-loops", with_loops(4)),
    Kind("multi-edges", with_parallel(5)),
    Kind("weighted", weighted(6), weighted=True),
    Kind("weighted multi-edges", weighted(7) + weighted(8), weighted=True),
    Kind("two", [("a", "b", 1.0)]),
    Kind("one", [("only", "only", 1.0)]),
    Kind("big ids", [(2**31 + u, 2**63 + 2**33 * v, 1.0) for u, v, _ in uniform(9, 20, 60)]),
    Kind("odd ids", [("a,b", 'say "x"', 1.0), ('say "x"', "é 世界", 1.0), ("é 世界", "007", 1.0), ("007", "7", 1.0),
                     ("-0", "0", 1.0), ("0", "a,b", 1.0)]),
]
