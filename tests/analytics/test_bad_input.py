"""Files that are no edge list, or a damaged one: one sentence that names the row, and no answer."""

import re

import pytest

from cli.duckdb_file import execute

GOOD = "src,dst,weight\na,b,1\nb,c,2\n"


def refused(graphs, text, *arguments, code=1):
    done = graphs.run(text if not isinstance(text, (str, bytes)) else graphs.file(text), *arguments)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert done.stdout == ""
    assert "terminate" not in done.stderr and len(done.stderr) < 2000
    return done.stderr


@pytest.mark.parametrize("text, said", {
    "no number": ("src,dst,weight\na,b,1\nb,c,heavy\n", "line 3.*b,c,heavy"),
    "too few fields": ("src,dst,weight\na,b,1\nb,c\n", "line 3"),
    "too many fields": ("src,dst,weight\na,b,1,2\nb,c,1\n", "line 2.*a,b,1,2"),
    "open quote": ('src,dst\na,b\n"c,d\ne,f\n', "line 3"),
    "not UTF-8": (b"src,dst\na,b\nc,\xff\xfe\n", "line 3"),
    "negative": ("src,dst,weight\na,b,1\nb,c,-0.5\n", r"row 2 \(line 3\) has a negative weight \(-0.5\)"),
    "NaN": ("src,dst,weight\na,b,nan\n", r"row 1 \(line 2\).*NaN"),
    "infinite": ("src,dst,weight\na,b,1\nb,c,inf\n", r"row 2 \(line 3\) has an infinite weight"),
    "too large": ("src,dst,weight\na,b,1e999\n", "line 2"),
    "too large to add": ("src,dst,weight\na,b,1\nb,c,1e308\n", r"row 2 \(line 3\) has a weight above 1e\+100 \(1e\+308\)"),
    "too small to divide by": ("src,dst,weight\na,b,5e-324\n", r"row 1 \(line 2\) has a weight below 1e-100 that is not 0 \(5e-324\)"),
    "no weight": ("src,dst,weight\na,b,1\nb,c,\n", r"row 2 \(line 3\) has no weight"),
    "no source": ("src,dst\na,b\n,c\n", r"row 2 \(line 3\) has no src"),
    "no target": ("src,dst\na,b\nb,  \n", r"row 2 \(line 3\) has no dst"),
    "header again": ("src,dst\na,b\nsrc,dst\nb,c\n", r"row 2 \(line 3\) is the header again"),
    "no header": ("1,2\n2,3\n", "line 1 names no column src; it reads: 1, 2"),
    "half a header": ("src,wohin\na,b\n", "no column dst"),
    "two sources": ("src,dst,src\na,b,c\n", "columns 1 and 3 of line 1 both hold the src"),
    "two names for one": ("from,to,target\na,b,c\n", "columns 2 and 3"),
    "empty file": ("", "no header line"),
    "blank first line": ("\nsrc,dst\na,b\n", "no header line"),
    "binary": (bytes(range(256)) * 40, "line"),
    "only zeros": (bytes(100), "line 1"),
    "cut Parquet": (b"PAR1" + bytes(50), "^[^:]*: [^:]*: this Parquet file cannot be read: ((?!LINE|/proc).)*write it again$"),
}.values(), ids=lambda value: None)
def test_bad_rows_are_named(graphs, text, said):
    assert re.search(said, refused(graphs, text), re.DOTALL)


def test_the_first_few_of_many_bad_lines_are_listed(graphs):
    text = "src,dst,weight\n" + "".join(f"a,b,{'x' if i % 10 == 0 else 1}\n" for i in range(5000))
    said = refused(graphs, text)
    assert "500 line(s)" in said and said.count("line ") == 5 and "line 2:" in said and "line 12:" in said


@pytest.mark.parametrize("text", ["src,dst,weight\na,b,1\n\x1b[2Jevil,b,x\n", "\x1b[2Jevil,b\na,b\n", b"\x1f\x8b\x08,\xff\xfe\na,b\n"],
                         ids=["in a row", "in the header", "compressed"])
def test_what_is_in_a_line_cannot_steer_the_terminal(graphs, text):
    assert "\x1b" not in refused(graphs, text)  # that it is UTF-8 is seen by reading it


@pytest.mark.parametrize("text, edges", {
    "other names": ("Source;Target\na;b\nb;c\n", 2),
    "tabs": ("from\tto\tweight\na\tb\t2\n", 1),
    "blanks": (" src , dst \n a , b \nb,a\n", 2),
    "CRLF and empty lines": ("src,dst\r\na,b\r\n\r\nb,a\r\n", 2),
    "byte order mark": (b"\xef\xbb\xbfsrc,dst\na,b\n", 1),
    "more columns": ("when,src,dst,colour\n1,a,b,red\n2,b,a,\n", 2),
    "line break in an id": ('src,dst\n"a\nb",c\n', 1),
    "no last line break": ("src,dst\na,b", 1),
}.values(), ids=lambda value: None)
def test_odd_but_good_files(graphs, text, edges):
    answer = graphs.ask(graphs.file(text), "degree")
    assert answer["edges"] == edges and len(answer["result"]) == answer["nodes"]


def test_weights_within_the_bounds_add_up(graphs):
    for weight in ("1e100", "1e-100"):
        path = graphs.file(f"src,dst,weight\na,b,{weight}\nb,c,{weight}\nb,c,{weight}\nc,a,0\n")
        ranks = [row["value"] for row in graphs.ask(path, "pagerank")["result"]]
        assert sum(ranks) == pytest.approx(1) and ranks == pytest.approx([0.4744121715, 0.3411710466, 0.1844167819], rel=1e-9)
        assert graphs.ask(path, "leiden", "--undirected")["modularity"] is not None
        assert graphs.ask(path, "sssp", "--from", "a")["result"][-1]["distance"] == 2 * float(weight)
        assert all(abs(row["x"]) < 1e4 for row in graphs.ask(path, "layout")["result"])


def test_only_a_header_is_the_empty_graph(graphs):
    path = graphs.file("src,dst,weight\n")
    for algorithm in ("pagerank", "louvain", "leiden", "betweenness", "edge-betweenness", "components",
                      "strong-components", "kcore", "triangles", "degree", "jaccard", "overlap", "layout"):
        answer = graphs.ask(path, algorithm)
        assert (answer["nodes"], answer["edges"], answer["result"]) == (0, 0, []), algorithm
        assert graphs.run(path, "--algorithm", algorithm).returncode == 0


def test_ids_stay_what_they_were(graphs):
    numbers = graphs.ask(graphs.file("src,dst\n3000000000,-7\n-7,99999999999999999999999\n"), "degree")
    assert {type(row["id"]) for row in numbers["result"]} == {str}, "one id is too long for a number of 64 bits"
    numbers = graphs.ask(graphs.file("src,dst\n3000000000,-7\n-7,9007199254740993\n"), "degree")
    assert {row["id"] for row in numbers["result"]} == {3000000000, -7, 9007199254740993}
    texts = graphs.ask(graphs.file("src,dst\n007,7\n7,x\n"), "degree")
    assert {row["id"] for row in texts["result"]} == {"007", "7", "x"}


def test_parquet(graphs, tmp_path):
    database = tmp_path / "scratch.duckdb"

    def parquet(name, select):
        execute(database, f"COPY ({select}) TO '{tmp_path / name}' (FORMAT parquet)")
        return tmp_path / name

    rows = "(VALUES (1, 3000000000, 0.5), (2, 1, 2)) t(src, dst, weight)"
    answer = graphs.ask(parquet("n.parquet", f"SELECT src, dst, weight FROM {rows}"), "degree")
    assert {row["id"] for row in answer["result"]} == {1, 2, 3000000000}
    texts = graphs.ask(parquet("t.parquet", f"SELECT src::VARCHAR src, dst::VARCHAR dst FROM {rows}"), "degree")
    assert {row["id"] for row in texts["result"]} == {"1", "2", "3000000000"}
    said = refused(graphs, parquet("bad.parquet", "SELECT * FROM (VALUES (1, 2, 1.0), (2, NULL, 1.0)) t(src, dst, weight)"))
    assert "row 2" in said and "no dst" in said
    assert "no column dst" in refused(graphs, parquet("c.parquet", "SELECT 1 AS src, 2 AS ziel"))
    assert "negative" in refused(graphs, parquet("w.parquet", "SELECT 1 AS src, 2 AS dst, -1 AS weight"))


@pytest.mark.parametrize("arguments, said", [
    (["--algorithm", "magic"], "there is no algorithm 'magic'"),
    (["--algorithm", "sssp"], "sssp begins at one vertex"),
    (["--algorithm", "sssp", "--from", "nobody"], "no vertex has the id 'nobody'"),
    (["--algorithm", "bfs", "--from", "a", "--from", "b"], "bfs begins at one vertex"),
    (["--algorithm", "louvain", "--directed"], "louvain takes edges as undirected"),
    (["--algorithm", "strong-components", "--undirected"], "strong-components is about directed edges only"),
    (["--directed", "--undirected"], "excludes"),
    (["--damping", "1"], "damping"),
    (["--damping", "nan"], "damping"),
    (["--algorithm", "louvain", "--resolution", "-1"], "resolution"),
    (["--algorithm", "betweenness", "--samples", "0"], "sampling needs at least one source"),
    (["--backend", "tpu"], "backend"),
    (["--samples", "-3"], "samples"),
])
def test_wrong_requests_are_bad_usage(graphs, arguments, said):
    assert said in refused(graphs, GOOD, *arguments, code=2)


def test_a_file_that_is_not_there(graphs, tmp_path):
    assert "No such file" in refused(graphs, tmp_path / "nothing.csv")
    assert "no regular file" in refused(graphs, tmp_path)


def test_a_name_with_wildcards_is_just_a_name(graphs):
    assert graphs.ask(graphs.file("src,dst\na,b\n", "e*[x]'\".csv"), "degree")["edges"] == 1


def test_more_shortest_paths_than_a_double_counts(graphs):
    rows = "".join(f"{i},{j}\n" for k in range(520) for i in range(4 * k, 4 * k + 4) for j in range(4 * k + 4, 4 * k + 8))
    assert "more shortest paths than a double can count" in refused(
        graphs, "src,dst\n" + rows, "--algorithm", "betweenness")
