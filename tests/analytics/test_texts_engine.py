"""Texts read by the real llama-server, with a model of random weights: what comes out has no sense, but has to be in form."""

import json

import numpy

from analytics.test_texts import ask, nearest, run, write
from support.engine import DirectEngine

SENTENCES = ["Anna founded Acme in 1999.", "Acme sells anvils to coyotes.", "Bert left Acme for Rome."]


def test_embeddings(binary, llama_server, tiny_model, tmp_path):
    engine = DirectEngine(tmp_path, tiny_model, ["--embeddings", "--pooling", "mean", "-c", "2048"])
    try:
        texts = [f"number {i} says {'abcdefg'[i % 7] * (i + 1)}" for i in range(40)]
        path = write(tmp_path, "t.txt", "\n".join(texts))
        answer = ask(tmp_path, "knn", "--texts", path, "--url", engine.url, "--neighbours", "3", "--algorithm", "degree")
        body = json.loads(engine.fetch("POST", "/v1/embeddings", {"input": texts}).body)
    finally:
        engine.stop()
    vectors = [one["embedding"] for one in sorted(body["data"], key=lambda one: one["index"])]
    _, similar = nearest(vectors, 3)
    assert answer["nodes"] == 40 and len(answer["links"]) == 120
    for i in range(40):
        mine = [link["weight"] for link in answer["links"] if link["src"] == i + 1]
        assert mine == sorted(mine, reverse=True)
        assert numpy.allclose(mine, numpy.sort(similar[i])[::-1][:3], atol=1e-4)


def test_an_engine_without_embeddings_says_so(served, tmp_path):
    done = run(tmp_path, "knn", "--texts", write(tmp_path, "t.txt", "a\nb"), "--url", served.gateway)
    assert done.returncode == 1 and "--embeddings" in done.stderr


def test_facts_are_in_form_whatever_the_model_says(served, tmp_path):
    path = write(tmp_path, "k.txt", "\n".join(SENTENCES))
    answer = ask(tmp_path, "knowledge", "--texts", path, "--url", served.gateway, "--keep-ungrounded", "--work", "w")
    assert any("passages of 3 texts were read" in note for note in answer["notes"])
    for link in answer["links"]:
        assert link["sentence"] in SENTENCES and link["document"] in {"1", "2", "3"}
    for line in (tmp_path / "w").read_text().splitlines():
        content = json.loads(json.loads(line)["answer"])
        assert set(content) == {"entities", "relations"}
        assert all(set(one) == {"sentence", "source", "relation", "target"} for one in content["relations"])
