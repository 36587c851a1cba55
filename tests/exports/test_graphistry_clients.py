"""Graphistry's own clients against the server of support/graphistry.py: the check of the check.

What they send passes without a complaint, a broken upload of theirs does not, and what they and we send is of one form.
"""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from support.graphistry import KEY_ID, KEY_SECRET, PASSWORD, USER, Graphistry

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import graphistry
    import pandas
    from graphistry.validate.validate_encodings import validate_encodings

SCRIPT = Path(__file__).with_name("graphistry_client.mjs")


@pytest.fixture
def server():
    sys.modules["graphistry.ArrowFileUploader"]._CACHE.clear()  # it remembers files that it gave to other servers
    instance = Graphistry()
    yield instance
    instance.close()


def python_client(server, **who):
    return graphistry.client().register(api=3, protocol="http", server=server.host, **who)


EDGES = pandas.DataFrame({"src": ["a", "a", "b"], "dst": ["b", "c", "c"], "kind": ["x", "y", "x"], "w": [1.5, 2.5, 0.0]})
NODES = pandas.DataFrame({"id": ["a", "b", "c"], "type": ["request", "batch", "batch"], "size": [3, 2, 1],
                          "time": pandas.to_datetime([1, 2, 3], unit="s", utc=True)})


def python_upload(client, **options) -> str:
    plotter = (client.bind(source="src", destination="dst", node="id", point_label="id", edge_weight="w")
               .edges(EDGES).nodes(NODES).name("from Python")
               .encode_point_color("type", categorical_mapping={"request": "#4C78A8"}, default_mapping="#999")
               .encode_point_size("size").encode_edge_color("w", ["blue", "red"], as_continuous=True)
               .encode_point_icon("type", categorical_mapping={"request": "user"}, default_mapping="question"))
    return plotter.plot(render=False, memoize=False, **options)


@pytest.mark.parametrize("as_files", [True, False], ids=["files", "dataset"])
@pytest.mark.parametrize("who", [{"username": USER, "password": PASSWORD},
                                 {"personal_key_id": KEY_ID, "personal_key_secret": KEY_SECRET},
                                 {"username": USER, "password": PASSWORD, "org_name": "lab"}],
                         ids=["password", "key", "organisation"])
def test_python(server, who, as_files):
    client = python_client(server, **who)
    client.privacy("private")
    url = python_upload(client, as_files=as_files)
    assert server.problems == []
    dataset = server.only_dataset()
    assert next(iter(server.datasets)) in url
    assert (dataset.edges[0].num_rows, dataset.nodes[0].num_rows) == (3, 3)
    assert dataset.privacy["mode"] == "private"


@pytest.fixture
def arrow_files(program) -> Path:
    program.done("graphistry", "services", "--dry-run", "look")
    return program.folder / "look"


def javascript(node, server, folder: Path, **config):
    if not (SCRIPT.parent / "node_modules/@graphistry").is_dir():
        pytest.skip("the JavaScript client is not installed: npm ci --prefix tests/exports")
    path = folder / "config.json"
    path.write_text(json.dumps({"host": server.host, "user": USER, "password": PASSWORD, "edges": str(folder / "edges.arrow"),
                                "nodes": str(folder / "nodes.arrow"), **config}))
    return subprocess.run([node, SCRIPT, path], capture_output=True, text=True, timeout=40)


@pytest.mark.parametrize("config", [{}, {"keyId": KEY_ID, "keySecret": KEY_SECRET}, {"org": "lab"}],
                         ids=["password", "key", "organisation"])
def test_javascript_with_our_files(node, server, arrow_files, config):
    done = javascript(node, server, arrow_files, **config)
    assert done.returncode == 0, done.stderr
    assert server.problems == []
    assert next(iter(server.datasets)) in json.loads(done.stdout)["url"]
    assert server.only_dataset().nodes[0].num_rows == 4
    assert server.only_dataset().privacy["mode"] == "private"


def test_a_wrong_password_of_theirs_is_refused(node, server, arrow_files):
    assert javascript(node, server, arrow_files, password="guess").returncode != 0
    with pytest.raises(Exception, match="provided credentials|Login failed"):
        python_client(server, username=USER, password="guess")
    assert any("Unable to log in" in problem for problem in server.problems)


def test_a_file_that_is_no_arrow_is_refused(node, server, arrow_files):
    (arrow_files / "nodes.arrow").write_bytes(b"not arrow at all")
    javascript(node, server, arrow_files)
    assert any("not an Arrow IPC file" in problem for problem in server.problems)


def test_a_binding_to_no_column_is_refused(server):
    client = python_client(server, username=USER, password=PASSWORD)
    with pytest.raises(Exception):
        (client.bind(source="src", destination="nowhere").edges(EDGES).plot(render=False, as_files=True, memoize=False, validate=False))
    assert any("columns that are not there" in problem for problem in server.problems)


@pytest.mark.parametrize("kind", ["interference", "services", "trace", "prefix"])
def test_the_python_client_finds_our_encodings_right(program, kind):
    program.done("graphistry", kind, "--dry-run", "look", "--layout")
    requests = json.loads((program.folder / "look" / "requests.json").read_text())
    body = next(r["body"] for r in requests if r["url"].endswith("/upload/datasets/"))
    import pyarrow.ipc
    columns = [pyarrow.ipc.open_file(program.folder / "look" / f"{name}.arrow").read_all().column_names
               for name in ("nodes", "edges")]
    validate_encodings(body["node_encodings"], body["edge_encodings"], *columns)


def test_theirs_and_ours_are_of_one_form(server, program):
    """Same kinds of members and values in every request that both make."""
    client = python_client(server, username=USER, password=PASSWORD)
    client.privacy("private")
    python_upload(client, as_files=True)
    theirs, server.requests = server.requests, []
    program.done("graphistry", "services", "--server", server.url,
                 environment={"GRAPHISTRY_USERNAME": USER, "GRAPHISTRY_PASSWORD": PASSWORD})
    for path in ("/api/v2/files/", "/api/v2/upload/datasets/", "/api/v2/share/link/"):
        their, our = (next(r for r in requests if r.path == path) for requests in (theirs, server.requests))
        assert not {k: v for k, v in our.json.items() if k in their.json and type(v) is not type(their.json[k])}, path
        assert their.headers["content-type"] == our.headers["content-type"]
        assert our.headers["authorization"].startswith("Bearer ")
    their, our = (next(r for r in requests if r.path.startswith("/api/v2/upload/files/")) for requests in (theirs, server.requests))
    assert (their.query, their.headers.get("content-type")) == (our.query, our.headers.get("content-type"))
    assert their.body[:8] == our.body[:8]
