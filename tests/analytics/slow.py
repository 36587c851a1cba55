"""The same answers straight from their definitions: slow, short, and written without a look at anybody's code."""

from collections import defaultdict, deque
from fractions import Fraction
from itertools import combinations

import numpy


def neighbours(rows, directed: bool) -> dict:
    near = defaultdict(set)
    for u, v, _ in rows:
        near[u], near[v]
        near[u].add(v)
        if not directed:
            near[v].add(u)
    return near


def distances(near: dict, start) -> dict:
    far, waiting = {start: 0}, deque([start])
    while waiting:
        u = waiting.popleft()
        for v in near[u]:
            if v not in far:
                far[v] = far[u] + 1
                waiting.append(v)
    return far


def betweenness(rows, directed: bool) -> dict:
    """By the definition: over all ordered pairs s, t of others, the share of shortest paths that go through v."""
    near = neighbours(rows, directed)
    everyone = list(near)
    far = {s: distances(near, s) for s in everyone}
    count = {}
    for s in everyone:
        count[s] = defaultdict(int, {s: 1})
        for v in sorted(far[s], key=far[s].get):
            for w in near[v]:
                if far[s][w] == far[s][v] + 1:
                    count[s][w] += count[s][v]
    pairs = (len(everyone) - 1) * (len(everyone) - 2)
    result = {}
    for v in everyone:
        total = Fraction(0)
        for s in everyone:
            for t in far[s]:
                if v not in (s, t) and s != t and v in far[s] and t in far[v] and far[s][v] + far[v][t] == far[s][t]:
                    total += Fraction(count[s][v] * count[v][t], count[s][t])
        result[v] = float(total / pairs) if pairs > 0 else 0.0
    return result


def pagerank(rows, vertices: list, directed: bool, jump=None, damping: float = 0.85) -> dict:
    """The fixed point itself, by solving the linear equations."""
    at = {v: i for i, v in enumerate(vertices)}
    n = len(vertices)
    weight = numpy.zeros((n, n))
    for u, v, w in rows:
        weight[at[v], at[u]] += w
        if not directed and u != v:
            weight[at[u], at[v]] += w
    goal = numpy.full(n, 1 / n) if jump is None else numpy.array([1.0 if v == jump else 0.0 for v in vertices])
    out = weight.sum(axis=0)
    flow = numpy.where(out > 0, weight / numpy.where(out > 0, out, 1), goal[:, None])
    rank = numpy.linalg.solve(numpy.eye(n) - damping * flow, (1 - damping) * goal)
    return dict(zip(vertices, rank))


def modularity(rows, group: dict, resolution: float = 1.0) -> float | None:
    total = 2 * sum(w for _, _, w in rows)
    if total == 0:
        return None
    inside, degree = 0.0, defaultdict(float)
    for u, v, w in rows:
        degree[group[u]] += w
        degree[group[v]] += w
        inside += 2 * w * (group[u] == group[v])
    return inside / total - resolution * sum((d / total) ** 2 for d in degree.values())


def components(rows, directed: bool) -> set:
    """Sets of vertices that reach each other."""
    near = neighbours(rows, directed)
    reach = {v: set(distances(near, v)) for v in near}
    return {frozenset(w for w in reach[v] if v in reach[w]) for v in near}


def core_numbers(rows) -> dict:
    near = {v: others - {v} for v, others in neighbours(rows, False).items()}
    core, k = {}, 0
    left = {v: set(others) for v, others in near.items()}
    while left:
        weak = [v for v, others in left.items() if len(others) < k + 1]
        if not weak:
            k += 1
        for v in weak:
            core[v] = k
            for w in left.pop(v):
                if w in left:
                    left[w].discard(v)
    return core


def triangles(rows) -> dict:
    near = {v: others - {v} for v, others in neighbours(rows, False).items()}
    return {v: sum(b in near[a] for a, b in combinations(near[v], 2)) for v in near}


def shortest(rows, start, directed: bool) -> dict:
    """Bellman and Ford: lets every edge shorten ways until none does."""
    edges = [(u, v, w) for u, v, w in rows] + ([] if directed else [(v, u, w) for u, v, w in rows])
    far = {start: 0.0}
    changed = True
    while changed:
        changed = False
        for u, v, w in edges:
            if u in far and far[u] + w < far.get(v, float("inf")):
                far[v] = far[u] + w
                changed = True
    return far
