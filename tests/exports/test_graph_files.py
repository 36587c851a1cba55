"""GraphML, read by NetworkX."""

import networkx
import pytest


def read(path) -> networkx.Graph:
    return networkx.read_graphml(path)


def test_services_with_what_is_known_of_them(program):
    said = program.json("graphml", "services", "-o", "services.graphml")
    graph = read(program.folder / "services.graphml")
    assert (said["nodes"], said["edges"]) == (len(graph), graph.size()) == (4, 2)
    assert graph.is_directed()
    assert graph["web"]["shop"]["weight"] == 2.0
    web = graph.nodes["web"]
    assert (web["spans"], web["errors"], web["duration_ms_p50"]) == (3, 0, 60.0)
    assert graph.nodes["shop"]["errors"] == 1
    assert abs(sum(rank for _, rank in graph.nodes(data="pagerank")) - 1) < 1e-6
    assert isinstance(web["community"], int) and isinstance(web["degree"], int)


def test_spans_have_their_times(program):
    program.done("graphml", "trace", "--trace", "f" * 32, "-o", "t.graphml")
    graph = read(program.folder / "t.graphml")
    root = graph.nodes["0" * 15 + "1"]
    assert (root["name"], root["service"], root["kind"]) == ("GET /", "web", "SERVER")
    assert (root["time"], root["duration_ms"]) == ("2026-01-01T00:00:01.000000000Z", 100.0)


def test_every_node_and_edge_of_a_list(program):
    (program.folder / "edges.csv").write_text('src,dst,weight\na,b,1\na,b,2.5\n"x<&>""y",b,0\n')
    program.done("graphml", "--edges", "edges.csv", "-o", "e.graphml", "--layout")
    graph = read(program.folder / "e.graphml")
    assert set(graph) == {"a", "b", 'x<&>"y'}
    assert sorted(w for _, _, w in graph.edges(data="weight")) == [0.0, 1.0, 2.5]
    assert all({"x", "y"} <= node.keys() for _, node in graph.nodes(data=True))


def test_to_stdout(program):
    written = program.done("graphml", "services")
    (program.folder / "s.graphml").write_text(written)
    assert len(read(program.folder / "s.graphml")) == 4


def test_prompts_only_by_name(program):
    program.done("graphml", "interference", "-o", "without.graphml")
    assert "secret" not in (program.folder / "without.graphml").read_text()
    program.done("graphml", "interference", "--with-content", "-o", "with.graphml")
    assert "secret question" in read(program.folder / "with.graphml").nodes["1"]["prompt"]


def test_an_empty_graph_is_a_graph(program):
    (program.folder / "edges.csv").write_text("src,dst\n")
    program.done("graphml", "--edges", "edges.csv", "-o", "e.graphml")
    assert len(read(program.folder / "e.graphml")) == 0


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["graphml"], "which graph?"),
    (["graphml", "nothing"], "there is no graph 'nothing'"),
    (["graphml", "services", "--json"], "cannot both go to stdout"),
])
def test_bad_usage(program, arguments, sentence):
    assert sentence in program.refused(*arguments, code=2)


def test_nothing_is_left_of_a_failure(program):
    assert "cannot write" in program.refused("graphml", "services", "-o", "no/such/folder/x.graphml")
    (program.folder / "edges.csv").write_text("src,dst,weight\na,b,-1\n")
    assert "negative weight" in program.refused("graphml", "--edges", "edges.csv", "-o", "e.graphml")
    assert sorted(p.name for p in program.folder.iterdir()) == ["edges.csv"]
