"""`graph knn` and `graph knowledge`: what an engine makes of texts, exactly, resumably, and whatever it answers."""

import csv
import json
import random
import subprocess

import numpy
import pytest

from analytics.reader_server import ReaderServer, vector_of
from support import places

SENTENCES = ["Anna founded Acme.", "Acme sells Anvils.", "Bert joined Acme.", "Anvils hit Coyote.", "Coyote buys Anvils."]


@pytest.fixture
def server():
    reader = ReaderServer()
    yield reader
    reader.stop()


def run(folder, *arguments):
    return subprocess.run([places.product(), "graph", *arguments, "--data", folder / "data"], capture_output=True, text=True,
                          cwd=folder, timeout=50)


def ask(folder, *arguments) -> dict:
    done = run(folder, *arguments, "--json")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return json.loads(done.stdout)


def texts(folder, count=90):
    """Texts of three kinds, in turns."""
    themes = [["gpu", "memory", "kernel"], ["bread", "flour", "oven"], ["rain", "wind", "cloud"]]
    rng = random.Random(5)
    rows = [" ".join(rng.choices(themes[i % 3], k=6)) + f" n{i}" for i in range(count)]
    path = folder / "texts.txt"
    path.write_text("\n".join(rows) + "\n")
    return path, rows


def nearest(vectors, count):
    unit = numpy.array(vectors, dtype=float)
    unit /= numpy.linalg.norm(unit, axis=1, keepdims=True)
    similar = unit @ unit.T
    numpy.fill_diagonal(similar, -2)
    return numpy.argsort(-similar, axis=1, kind="stable")[:, :count], similar


def test_the_nearest_are_the_nearest_and_communities_have_names(binary, server, tmp_path):
    path, rows = texts(tmp_path)
    answer = ask(tmp_path, "knn", "--texts", path, "--url", server.url, "--neighbours", "4")
    expected, similar = nearest([vector_of(row) for row in rows], 4)
    links = [(int(link["src"]) - 1, int(link["dst"]) - 1) for link in answer["links"]]
    assert sorted(links) == sorted((i, int(j)) for i, near in enumerate(expected) for j in near)
    for link, (i, j) in zip(answer["links"], links):
        assert link["weight"] == pytest.approx(similar[i][j], abs=1e-6)
    assert answer["algorithm"] == "louvain" and answer["nodes"] == 90
    named = [set(name["words"]) for name in answer["names"][:3]]
    assert all(any(words <= theme for theme in ({"gpu", "memory", "kernel"}, {"bread", "flour", "oven"}, {"rain", "wind", "cloud"}))
               for words in named) and all(named)
    assert any("is about" in finding for finding in answer["findings"])
    assert "embeddings of 9 numbers by reader-1" in answer["notes"]
    assert all(len(body["input"]) <= 32 for body in server.asked)


@pytest.mark.parametrize("count, dimensions, neighbours", [(1, 3, 5), (2, 1, 5), (65, 17, 7), (300, 64, 10)])
def test_vectors_of_the_users_own_against_numpy(binary, tmp_path, count, dimensions, neighbours):
    rng = numpy.random.default_rng(count)
    vectors = rng.normal(size=(count, dimensions)).round(4)
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps({"id": f"d{i}", "text": "x", "embedding": list(row)}) + "\n" for i, row in enumerate(vectors)))
    one = ask(tmp_path, "knn", "--texts", path, "--neighbours", str(neighbours), "--algorithm", "degree", "--threads", "1")
    many = ask(tmp_path, "knn", "--texts", path, "--neighbours", str(neighbours), "--algorithm", "degree", "--threads", "3")
    assert one["links"] == many["links"]
    if count == 1:
        assert one["links"] == [] and one["nodes"] == 1
        return
    expected, similar = nearest(vectors, min(neighbours, count - 1))
    wanted = {(f"d{i}", f"d{j}"): similar[i][j] for i, near in enumerate(expected) for j in near if similar[i][j] > 0}
    assert {(link["src"], link["dst"]): link["weight"] for link in one["links"]} == pytest.approx(wanted, abs=1e-6)


def test_less_alike_is_left_out_and_said(binary, tmp_path):
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps({"text": "x", "embedding": v}) + "\n" for v in ([1, 0], [1, 0.1], [0, 1], [-1, 0])))
    answer = ask(tmp_path, "knn", "--texts", path, "--min-similarity", "0.9", "--algorithm", "components")
    assert {(link["src"], link["dst"]) for link in answer["links"]} == {(1, 2), (2, 1)}
    assert any(note.startswith("10 neighbours are left out") for note in answer["notes"])


def test_a_run_that_broke_off_goes_on(binary, server, tmp_path):
    path, _ = texts(tmp_path)
    server.fault = "fails after 1"
    done = run(tmp_path, "knn", "--texts", path, "--url", server.url, "--work", "w")
    assert done.returncode == 1 and "out of luck; 32 of 90 texts are done" in done.stderr and done.stdout == ""
    with (tmp_path / "w").open("a") as work:
        work.write('{"key":"cut o')  # as a killed run leaves it
    server.fault = ""
    server.asked.clear()
    ask(tmp_path, "knn", "--texts", path, "--url", server.url, "--work", "w")
    assert sum(len(body["input"]) for body in server.asked) == 58
    server.asked.clear()
    ask(tmp_path, "knn", "--texts", path, "--url", server.url, "--work", "w")
    assert server.asked == []


@pytest.mark.parametrize("fault, said", [("lacks one", "lacks the vector of text"), ("ragged", "vector of 9 numbers after one of 10|vector of 10 numbers after one of 9"),
                                         ("words", "no number"), ("twice", "twice or too high")])
def test_bad_embeddings_are_refused(binary, server, tmp_path, fault, said):
    path, _ = texts(tmp_path, 10)
    server.fault = fault
    done = run(tmp_path, "knn", "--texts", path, "--url", server.url)
    assert done.returncode == 1 and any(part in done.stderr for part in said.split("|")), done.stderr


def test_a_busy_server_is_waited_for(binary, server, tmp_path):
    path, _ = texts(tmp_path, 10)
    server.fault = "busy once"
    assert ask(tmp_path, "knn", "--texts", path, "--url", server.url)["nodes"] == 10


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name, content, said", [
    ("a.txt", b"good\n\xff\xfe\n", "line 2 is not UTF-8"), ("a.txt", "\n \n", "has no documents"),
    ("a.txt", b"a\0b\n", "zero byte"), ("a.jsonl", '{"text":"a"}\n[1]\n', "line 2 is no JSON object"),
    ("a.jsonl", '{"text":"a"}\n{"txt":"b"}\n', 'line 2 has no member "text"'), ("a.jsonl", '{"text":" "}\n', "line 1 has a document without text"),
    ("a.jsonl", '{"id":1,"text":"a"}\n{"id":1,"text":"b"}\n', "line 2 has the id '1', which line 1 has already"),
    ("a.jsonl", '{"text":"a","embedding":[1,2]}\n{"text":"b","embedding":[1]}\n', "line 2 has an embedding of 1 numbers"),
    ("a.jsonl", '{"text":"a","embedding":[1,"x"]}\n', "no list of numbers"), ("a.jsonl", '{"text":"a","embedding":[0,0]}\n{"text":"b","embedding":[1,0]}\n', "it is like none"),
    ("a.csv", "id,body\n1,x\n", "no column text"), ("a.csv", 'text\n"open\n', "never closed"), ("a.csv", "id,text\n1\n", "has 1 fields, the header 2"),
])
def test_what_are_no_texts(binary, server, tmp_path, name, content, said):
    done = run(tmp_path, "knn", "--texts", write(tmp_path, name, content), "--url", server.url)
    assert done.returncode == 1 and said in done.stderr and done.stdout == "", done.stderr


def test_csv_with_quotes_and_line_breaks(binary, server, tmp_path):
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([["id", "text"], ["a", 'rain, "wind"\nand cloud'], ["b", "rain wind"]])
    answer = ask(tmp_path, "knn", "--texts", path, "--url", server.url)
    assert sorted(row["id"] for row in answer["result"]) == ["a", "b"]
    assert 'rain, "wind"\nand cloud' in server.asked[0]["input"]


def test_facts_carry_their_sentences(binary, server, tmp_path):
    path = write(tmp_path, "k.jsonl", json.dumps({"id": "doc", "text": " ".join(SENTENCES)}) + "\n")
    answer = ask(tmp_path, "knowledge", "--texts", path, "--url", server.url)
    expected = [(s.split()[0], s.split()[1], s[:-1].split()[2], s, "doc") for s in SENTENCES]
    assert [(l["src"], l["relation"], l["dst"], l["sentence"], l["document"]) for l in answer["links"]] == expected
    assert {row["id"] for row in answer["result"]} == {"Anna", "Acme", "Anvils", "Bert", "Coyote"}
    assert {row["label"] for row in answer["result"]} == {f"{name} (place)" for name in ("Anna", "Acme", "Anvils", "Bert", "Coyote")}
    (body,) = server.asked
    assert body["response_format"]["type"] == "json_schema" and body["temperature"] == 0


def test_what_a_sentence_does_not_say_is_left_out_and_counted(binary, server, tmp_path):
    path = write(tmp_path, "k.txt", "\n".join(SENTENCES))
    server.fault = "invents"
    answer = ask(tmp_path, "knowledge", "--texts", path, "--url", server.url)
    assert "Atlantis" not in json.dumps(answer) and any(note.startswith("5 relations are left out") for note in answer["notes"])
    kept = ask(tmp_path, "knowledge", "--texts", path, "--url", server.url, "--keep-ungrounded")
    assert sum(link["src"] == "Atlantis" for link in kept["links"]) == 5


def test_an_answer_that_is_cut_off_is_asked_for_again_in_parts(binary, server, tmp_path):
    path = write(tmp_path, "k.jsonl", json.dumps({"text": " ".join(SENTENCES)}) + "\n")
    server.fault = "cuts off"
    assert len(ask(tmp_path, "knowledge", "--texts", path, "--url", server.url)["links"]) == len(SENTENCES)
    server.fault = "wrong sentence"
    answer = ask(tmp_path, "knowledge", "--texts", path, "--url", server.url)
    assert answer["links"] == [] and any("5 of them without a usable answer" in note for note in answer["notes"])


def test_knowledge_goes_on_where_it_broke_off(binary, server, tmp_path):
    path = write(tmp_path, "k.txt", "\n".join(SENTENCES))
    server.fault = "fails after 2"
    done = run(tmp_path, "knowledge", "--texts", path, "--url", server.url, "--work", "w")
    assert done.returncode == 1 and "2 of 5 passages are done" in done.stderr and "run it again" in done.stderr
    server.fault = ""
    server.asked.clear()
    assert len(ask(tmp_path, "knowledge", "--texts", path, "--url", server.url, "--work", "w")["links"]) == 5
    assert len(server.asked) == 3


@pytest.mark.parametrize("arguments, said", [
    (["knn"], "which texts?"), (["services", "--texts", "x"], "only knn and knowledge are made from texts"),
    (["knn", "--texts", "x", "--neighbours", "0"], "--neighbours"), (["knn", "--texts", "x", "--min-similarity", "2"], "--min-similarity"),
])
def test_wrong_usage(binary, tmp_path, arguments, said):
    done = run(tmp_path, *arguments)
    assert done.returncode == 2 and said in done.stderr


def test_nobody_to_ask(binary, tmp_path):
    path = write(tmp_path, "k.txt", "a\nb\n")
    assert "nothing runs" in run(tmp_path, "knn", "--texts", path).stderr
    assert "cannot connect to the server" in run(tmp_path, "knn", "--texts", path, "--url", "http://127.0.0.1:9").stderr
