"""Every algorithm on every kind of graph: beside NetworkX, igraph, and the definitions."""

import random
import statistics
from collections import defaultdict

import igraph
import networkx
import pytest

from analytics import slow
from analytics.zoo import ZOO, uniform

ANY = pytest.mark.parametrize("kind", ZOO, ids=lambda kind: kind.name)
BOTH_WAYS = pytest.mark.parametrize("directed", [True, False], ids=["directed", "undirected"])


def text(value) -> str:
    return str(value)


def rows_of(kind):
    return [(text(u), text(v), w if kind.weighted else 1.0) for u, v, w in kind.rows]


def merged(kind, directed: bool, loops: bool = True, rule=sum):
    weights = defaultdict(list)
    for u, v, w in rows_of(kind):
        if u == v and not loops:
            continue
        weights[(u, v) if directed or u <= v else (v, u)].append(w)
    graph = networkx.DiGraph() if directed else networkx.Graph()
    graph.add_nodes_from(text(v) for v in kind.vertices)
    for (u, v), all_of_them in weights.items():
        graph.add_edge(u, v, weight=rule(all_of_them))
    return graph


def way(directed: bool) -> str:
    return "--directed" if directed else "--undirected"


def values(answer: dict) -> dict:
    found = {text(row["id"]): row["value"] for row in answer["result"]}
    assert len(found) == answer["nodes"]
    order = [row["value"] for row in answer["result"]]
    assert order == sorted(order, reverse=True)
    return found


def groups(answer: dict, member: str) -> dict:
    found = {text(row["id"]): row[member] for row in answer["result"]}
    assert len(found) == answer["nodes"]
    return found


def partition(group: dict) -> set:
    members = defaultdict(set)
    for v, g in group.items():
        members[g].add(v)
    sizes = [len(members[g]) for g in range(len(members))]
    assert sizes == sorted(sizes, reverse=True), "numbered by size"
    return {frozenset(m) for m in members.values()}


def edge_values(answer: dict, directed: bool) -> dict:
    found = {}
    for row in answer["result"]:
        pair = (text(row["src"]), text(row["dst"]))
        found[pair if directed else frozenset(pair)] = row["value"]
    return found


@ANY
@pytest.mark.parametrize("damping", [0, 0.5, 0.99, 0.999])
def test_pagerank_with_any_damping(graphs, kind, damping):
    found = values(graphs.ask(graphs.write(kind.rows, kind.weighted), "pagerank", "--damping", str(damping)))
    assert sum(found.values()) == pytest.approx(1 if found else 0)
    assert found == pytest.approx(slow.pagerank(rows_of(kind), list(found), True, damping=damping), abs=1e-8)


@ANY
@BOTH_WAYS
def test_pagerank(graphs, kind, directed):
    answer = graphs.ask(graphs.write(kind.rows, kind.weighted), "pagerank", way(directed))
    found, vertices = values(answer), [text(v) for v in kind.vertices]
    assert answer["directed"] is directed and answer["edges"] == len(kind.rows)
    assert found == pytest.approx(slow.pagerank(rows_of(kind), vertices, directed), abs=1e-8)
    assert found == pytest.approx(networkx.pagerank(merged(kind, directed), tol=1e-12, max_iter=5000), abs=1e-6)
    assert sum(found.values()) == pytest.approx(1, abs=1e-9)


@ANY
def test_personalised_pagerank(graphs, kind):
    start = text(kind.vertices[-1])
    found = values(graphs.ask(graphs.write(kind.rows, kind.weighted), "pagerank", "--from", start))
    vertices = [text(v) for v in kind.vertices]
    assert found == pytest.approx(slow.pagerank(rows_of(kind), vertices, True, jump=start), abs=1e-8)


@ANY
@BOTH_WAYS
def test_betweenness(graphs, kind, directed):
    found = values(graphs.ask(graphs.write(kind.rows, kind.weighted), "betweenness", way(directed)))
    assert found == pytest.approx(slow.betweenness(rows_of(kind), directed), rel=1e-9, abs=1e-15)
    assert found == pytest.approx(networkx.betweenness_centrality(merged(kind, directed)), rel=1e-9, abs=1e-15)


@ANY
@BOTH_WAYS
def test_edge_betweenness(graphs, kind, directed):
    answer = graphs.ask(graphs.write(kind.rows, kind.weighted), "edge-betweenness", way(directed))
    expected = networkx.edge_betweenness_centrality(merged(kind, directed, loops=False))
    expected = {pair if directed else frozenset(pair): value for pair, value in expected.items()}
    assert edge_values(answer, directed) == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_sampled_betweenness_is_near_and_exact_with_all(graphs):
    kind = next(kind for kind in ZOO if kind.name == "power-law")
    path = graphs.write(kind.rows, False)
    exact = values(graphs.ask(path, "betweenness"))
    assert values(graphs.ask(path, "betweenness", "--samples", "100000")) == exact
    sampled = values(graphs.ask(path, "betweenness", "--samples", "60"))
    assert sampled == values(graphs.ask(path, "betweenness", "--samples", "60", "--threads", "1"))
    assert sampled != values(graphs.ask(path, "betweenness", "--samples", "60", "--seed", "2"))
    top = max(exact, key=exact.get)
    assert sampled[top] == pytest.approx(exact[top], rel=0.15)


@ANY
@pytest.mark.parametrize("algorithm", ["louvain", "leiden"])
def test_communities(graphs, kind, algorithm):
    path = graphs.write(kind.rows, kind.weighted)
    answer = graphs.ask(path, algorithm)
    group = groups(answer, "community")
    graph = merged(kind, False)
    if graph.size(weight="weight") == 0:
        assert answer["modularity"] is None
        return
    found = partition(group)
    assert answer["modularity"] == pytest.approx(slow.modularity(rows_of(kind), group), abs=1e-12)
    assert answer["modularity"] == pytest.approx(networkx.community.modularity(graph, found), abs=1e-12)
    best = max(networkx.community.modularity(graph, networkx.community.louvain_communities(graph, seed=seed))
               for seed in range(3))
    assert answer["modularity"] >= best - 0.01 * max(abs(best), 0.1)
    heavy = graph.edge_subgraph([(u, v) for u, v, w in graph.edges(data="weight") if w > 0])
    for members in found if algorithm == "leiden" else []:
        inside = heavy.subgraph(members)
        assert len(members) == 1 or networkx.is_connected(inside)
    assert answer["result"] == graphs.ask(path, algorithm)["result"], "the same answer every time"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_leiden_is_as_good_as_igraphs_on_graphs_without_structure(graphs, seed):
    rows = uniform(seed, 500, 4000)
    graph = networkx.Graph((u, v) for u, v, _ in rows if u != v)
    answer = graphs.ask(graphs.write([(u, v, 1.0) for u, v in graph.edges], False), "leiden", "--seed", str(seed))
    at = {v: i for i, v in enumerate(graph)}
    other = igraph.Graph(len(at), [(at[u], at[v]) for u, v in graph.edges])
    igraph.set_random_number_generator(random.Random(seed))
    usual = statistics.median(other.modularity(other.community_leiden("modularity", n_iterations=2)) for _ in range(5))
    assert answer["modularity"] >= usual - 0.01 * usual


def test_building_is_told_apart(graphs):
    path = graphs.write(uniform(1, 2000, 20000), False)
    for algorithm in ("pagerank", "leiden", "kcore"):
        answer = graphs.ask(path, algorithm)
        assert 0 < answer["build_ms"] < answer["elapsed_ms"]
    assert graphs.ask(path, "components")["build_ms"] == 0, "it takes the edges as they are"


def test_the_resolution_changes_the_size_of_communities(graphs):
    kind = next(kind for kind in ZOO if kind.name == "cliques")
    path = graphs.write(kind.rows, False)
    counts = [len(partition(groups(graphs.ask(path, "louvain", "--resolution", r), "community"))) for r in ("0.05", "1", "9")]
    assert counts[0] < counts[1] == 6 < counts[2]


@ANY
def test_components(graphs, kind):
    path = graphs.write(kind.rows, kind.weighted)
    weak = partition(groups(graphs.ask(path, "components"), "component"))
    assert weak == slow.components(rows_of(kind), False)
    assert weak == {frozenset(c) for c in networkx.connected_components(merged(kind, False))}
    strong = partition(groups(graphs.ask(path, "strong-components"), "component"))
    assert strong == slow.components(rows_of(kind), True)
    assert strong == {frozenset(c) for c in networkx.strongly_connected_components(merged(kind, True))}


@ANY
def test_cores_triangles_degrees(graphs, kind):
    path, rows = graphs.write(kind.rows, kind.weighted), rows_of(kind)
    simple = merged(kind, False, loops=False)
    cores = values(graphs.ask(path, "kcore"))
    assert cores == slow.core_numbers(rows) == networkx.core_number(simple)
    assert values(graphs.ask(path, "triangles")) == slow.triangles(rows) == networkx.triangles(simple)
    many = networkx.MultiDiGraph([(u, v) for u, v, _ in rows])
    assert values(graphs.ask(path, "degree")) == dict(many.degree())


@ANY
def test_similarity(graphs, kind):
    path, simple = graphs.write(kind.rows, kind.weighted), merged(kind, False, loops=False)
    jaccard = {frozenset((u, v)): p for u, v, p in networkx.jaccard_coefficient(simple, simple.edges)}
    assert edge_values(graphs.ask(path, "jaccard"), False) == pytest.approx(jaccard)
    overlap = {frozenset((u, v)): len(list(networkx.common_neighbors(simple, u, v))) / min(simple.degree(u), simple.degree(v))
               for u, v in simple.edges}
    assert edge_values(graphs.ask(path, "overlap"), False) == pytest.approx(overlap)


def check_paths(answer: dict, expected: dict, step) -> None:
    rows = {text(row["id"]): row for row in answer["result"]}
    assert {v: row["distance"] for v, row in rows.items() if row["distance"] is not None} == pytest.approx(expected)
    for v, row in rows.items():
        if row["predecessor"] is None:
            assert row["distance"] in (0, None)
        else:
            before = text(row["predecessor"])
            assert rows[before]["distance"] + step(before, v) == pytest.approx(row["distance"])


@ANY
@BOTH_WAYS
def test_paths(graphs, kind, directed):
    path, start = graphs.write(kind.rows, kind.weighted), text(kind.vertices[0])
    graph = merged(kind, directed, rule=min)
    check_paths(graphs.ask(path, "bfs", "--from", start, way(directed)),
                dict(networkx.single_source_shortest_path_length(graph, start)), lambda u, v: 1 if graph.has_edge(u, v) else 9e9)
    weights = graphs.ask(path, "sssp", "--from", start, way(directed))
    check_paths(weights, slow.shortest(rows_of(kind), start, directed), lambda u, v: graph[u][v]["weight"])
    check_paths(weights, networkx.single_source_dijkstra_path_length(graph, start), lambda u, v: graph[u][v]["weight"])


@ANY
@BOTH_WAYS
def test_ego(graphs, kind, directed):
    path, centre = graphs.write(kind.rows, kind.weighted), text(kind.vertices[0])
    answer = graphs.ask(path, "ego", "--from", centre, "--radius", "2", way(directed))["result"]
    expected = networkx.ego_graph(merged(kind, directed), centre, radius=2)
    assert {text(node["id"]) for node in answer["nodes"]} == set(expected)
    pair = (lambda u, v: (u, v)) if directed else (lambda u, v: frozenset((u, v)))
    found = {pair(text(edge["src"]), text(edge["dst"])): edge["weight"] for edge in answer["edges"]}
    assert found == pytest.approx({pair(u, v): w for u, v, w in expected.edges(data="weight")})


@ANY
def test_layout(graphs, kind):
    path = graphs.write(kind.rows, kind.weighted)
    answer = graphs.ask(path, "layout", "--iterations", "60")
    place = {text(row["id"]): complex(row["x"], row["y"]) for row in answer["result"]}
    assert set(place) == {text(v) for v in kind.vertices}
    assert len(set(place.values())) == len(place), "no two vertices in one place"
    assert answer["result"] == graphs.ask(path, "layout", "--iterations", "60", "--threads", "1")["result"]


def test_a_layout_shows_what_belongs_together(graphs):
    kind = next(kind for kind in ZOO if kind.name == "cliques")
    rows = graphs.ask(graphs.write(kind.rows, False), "layout")["result"]
    place = {row["id"]: complex(row["x"], row["y"]) for row in rows}
    apart = lambda pairs: sum(abs(place[u] - place[v]) for u, v in pairs) / len(pairs)  # noqa: E731
    inside = [(u, v) for u in place for v in place if u < v and u // 7 == v // 7]
    across = [(u, v) for u in place for v in place if u < v and u // 7 != v // 7]
    assert apart(inside) < apart(across) / 3


@pytest.mark.parametrize("unit", [1e-9, 1, 1e9])
@pytest.mark.parametrize("decades", [0, 2, 5])
def test_a_layout_comes_to_rest_whatever_the_weights(graphs, unit, decades):
    """Milliseconds, bytes, calls: weights are far from 1 and from each other."""
    draw = random.Random(5)
    edges = [(u, u // 20 * 20 + draw.randrange(20)) for u in range(160) for _ in range(4)]
    edges += [(u, draw.randrange(160)) for u in range(0, 160, 4)]
    path = graphs.write([(u, v, unit * 10 ** draw.gauss(0, decades / 2)) for u, v in edges], True)
    place = {row["id"]: complex(row["x"], row["y"]) for row in graphs.ask(path, "layout")["result"]}
    pairs = [(u, v) for u in place for v in place if u < v]
    apart = lambda same: statistics.mean(abs(place[u] - place[v]) for u, v in pairs if (u // 20 == v // 20) == same)  # noqa: E731
    assert apart(True) < apart(False) / 2


@ANY
def test_igraph_agrees(graphs, kind):
    """A third library, which counts differently in places: only where the definitions are the same."""
    path, graph = graphs.write(kind.rows, kind.weighted), merged(kind, False, loops=False)
    names = list(graph)
    at = {v: i for i, v in enumerate(names)}
    other = igraph.Graph(len(names), [(at[u], at[v]) for u, v in graph.edges])
    by_name = lambda found: dict(zip(names, found))  # noqa: E731
    n = len(names)
    pairs = (n - 1) * (n - 2) / 2
    assert values(graphs.ask(path, "betweenness")) == pytest.approx(
        by_name([b / pairs if pairs > 0 else 0 for b in other.betweenness()]), rel=1e-9, abs=1e-15)
    assert values(graphs.ask(path, "kcore")) == by_name(other.coreness())
    weights = [graph[u][v]["weight"] for u, v in graph.edges]
    if sum(weights) > 0 and not any(u == v for u, v, _ in kind.rows):
        igraph.set_random_number_generator(random.Random(1))
        leiden = other.community_leiden("modularity", weights=weights, n_iterations=-1)
        assert graphs.ask(path, "leiden")["modularity"] >= other.modularity(leiden, weights=weights) - 0.01
