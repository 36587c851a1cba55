"""Our uploads, checked by the server of support/graphistry.py."""

import json
import re
import subprocess

import pyarrow.ipc
import pytest

from collector.otelcol import free_port
from support.graphistry import KEY_ID, KEY_SECRET, PASSWORD, USER, Graphistry

BY_PASSWORD = {"GRAPHISTRY_USERNAME": USER, "GRAPHISTRY_PASSWORD": PASSWORD}
BY_KEY = {"GRAPHISTRY_PERSONAL_KEY_ID": KEY_ID, "GRAPHISTRY_PERSONAL_KEY_SECRET": KEY_SECRET}


@pytest.fixture
def server():
    graphistry = Graphistry()
    yield graphistry
    graphistry.close()


def send(program, server, *arguments, environment=BY_PASSWORD):
    return program.export("graphistry", *arguments, "--server", server.url, environment=environment)


@pytest.mark.parametrize("identity", [BY_PASSWORD, BY_KEY], ids=["password", "key"])
def test_a_graph_with_everything_that_is_known_of_it(program, server, identity):
    done = send(program, server, "interference", environment=identity)
    assert done.returncode == 0, done.stderr
    assert server.problems == []
    dataset = server.only_dataset()
    identifier = next(iter(server.datasets))
    assert re.fullmatch(re.escape(server.url) + rf"/graph/graph\.html\?dataset={identifier}&type=arrow&viztoken=[0-9a-f-]{{36}}"
                        r"&info=true&splashAfter=\d+\n", done.stdout)
    edges, nodes = dataset.edges[0].to_pylist(), {row["id"]: row for row in dataset.nodes[0].to_pylist()}
    assert edges == [{"src": "2", "dst": "1", "weight": 4.0}]
    assert set(nodes) == {"1", "2"}
    assert (nodes["1"]["total_ms"], nodes["1"]["operation"], nodes["1"]["input_tokens"]) == (100.0, "chat", 100)
    assert str(dataset.nodes[0].schema.field("time").type) == "timestamp[ns, tz=UTC]"
    assert [value.value for value in dataset.nodes[0]["time"]] == [1767225600050000000, 1767225600000000000]
    assert "batch steps" in dataset.body["description"], "how far the graph can be trusted goes with it"
    assert dataset.body["node_encodings"]["bindings"] == {"node": "id", "node_label": "label", "node_size": "total_ms"}
    assert {"pointColorEncoding", "pointIconEncoding"} == dataset.body["node_encodings"]["complex"]["default"].keys()
    assert dataset.body["edge_encodings"]["bindings"]["edge_weight"] == "weight"
    assert "secret" not in str(server.requests)


def test_private_unless_told_otherwise(program, server):
    assert send(program, server, "services").returncode == 0
    assert server.only_dataset().privacy | {"obj_pk": ""} == {
        "obj_pk": "", "obj_type": "dataset", "mode": "private", "notify": False, "invited_users": [], "mode_action": "20",
        "message": ""}


@pytest.mark.parametrize("mode", ["organization", "public"])
def test_seen_by_others_when_asked_for(program, server, mode):
    assert send(program, server, "services", "--privacy", mode).returncode == 0
    assert (server.only_dataset().privacy["mode"], server.only_dataset().privacy["mode_action"]) == (mode, "10")


def test_an_organisation(program, server):
    assert send(program, server, "services", "--org", "lab").returncode == 0
    assert server.only_dataset().body["org_name"] == "lab"
    assert server.problems == []
    assert "no member of the organisation 'elsewhere'" in send(program, server, "services", "--org", "elsewhere").stderr
    assert "knows no organisation 'nowhere'" in send(program, server, "services", "--org", "nowhere").stderr


def test_an_edge_list_with_a_layout_and_looks_of_ones_own(program, server):
    (program.folder / "edges.csv").write_text("src,dst\na,b\nb,c\n")
    done = send(program, server, "--edges", "edges.csv", "--layout", "--color", "degree", "--size", "none", "--label", "id",
                "--name", "three", "--json")
    said = json.loads(done.stdout)
    assert (said["nodes"], said["edges"], said["privacy"]) == (3, 2, "private")
    assert said["url"].endswith("&play=0") and said["dataset_id"] in said["url"]
    body = server.only_dataset().body
    assert body["name"] == "three"
    assert body["node_encodings"]["bindings"] == {"node": "id", "node_label": "id", "node_x": "x", "node_y": "y"}
    color = body["node_encodings"]["complex"]["default"]["pointColorEncoding"]
    assert color["variation"] == "continuous" and color["attribute"] == "degree"
    assert server.problems == []


def test_prompts_only_by_name(program, server):
    assert send(program, server, "interference", "--with-content").returncode == 0
    assert "secret question" in server.only_dataset().nodes[0].to_pylist()[0]["prompt"]


def test_a_dry_run_writes_what_would_be_sent(program, server):
    said = program.json("graphistry", "interference", "--dry-run", "look", "--server", server.url)
    folder = program.folder / "look"
    assert server.requests == [] and said["requests"] == 7
    assert sorted(p.name for p in folder.iterdir()) == ["edges.arrow", "nodes.arrow", "requests.json"]
    assert pyarrow.ipc.open_file(folder / "nodes.arrow").read_all().num_rows == 2
    written = (folder / "requests.json").read_text()
    assert send(program, server, "interference").returncode == 0
    ids = {"edges": "{file id of edges}", "nodes": "{file id of nodes}"}
    place = {**{file_id: ids[file.name] for file_id, file in server.files.items()}, next(iter(server.datasets)): "{dataset id}",
             next(iter(server.tokens)): "{token}", f'"{USER}"': '"{user}"', PASSWORD: "{password}"}

    def with_places(text: str) -> str:
        for real, name in place.items():
            text = text.replace(real, name)
        return text

    for planned, real in zip(json.loads(written), server.requests, strict=True):
        query = "?erase=true" if real.query else ""
        assert (planned["method"], planned["url"]) == (real.method, server.url + with_places(real.path) + query)
        if "body_file" in planned:
            assert (folder / planned["body_file"]).read_bytes() == real.body
        else:
            assert planned["body"] == json.loads(with_places(real.body.decode()))
        sent = {f"{k}: {with_places(v)}".lower() for k, v in real.headers.items()}
        assert {h.lower() for h in planned["headers"]} <= sent


def test_wrong_credentials(program, server):
    wrong = {"GRAPHISTRY_USERNAME": USER, "GRAPHISTRY_PASSWORD": "guess"}
    done = send(program, server, "services", environment=wrong)
    assert done.returncode == 1
    assert "does not know these credentials" in done.stderr and "GRAPHISTRY_PASSWORD" in done.stderr
    assert "guess" not in done.stderr
    wrong = {"GRAPHISTRY_PERSONAL_KEY_ID": KEY_ID, "GRAPHISTRY_PERSONAL_KEY_SECRET": "guess"}
    assert "GRAPHISTRY_PERSONAL_KEY_SECRET" in send(program, server, "services", environment=wrong).stderr


def test_no_credentials(program, server):
    assert "no Graphistry account is named" in program.refused("graphistry", "services", code=2)
    assert "no Graphistry account is named" in program.refused(
        "graphistry", "services", code=2, environment={"GRAPHISTRY_USERNAME": USER})


def test_a_passing_failure_is_waited_for(program, server):
    server.fail_next("/api/v2/upload/files/", 503)
    server.fail_next("/api/v2/files/", "drop")
    server.fail_next("/api/v2/upload/datasets/", 503, headers={"Retry-After": "1"})
    done = send(program, server, "services")
    assert done.returncode == 0, done.stderr
    assert server.problems == [] and len(server.datasets) == 1


def test_a_view_is_never_made_twice(program, server):
    """An answer that got lost may belong to a view that was made."""
    server.fail_next("/api/v2/upload/datasets/", "drop")
    done = send(program, server, "services")
    assert done.returncode == 1 and "broke" in done.stderr
    assert server.paths().count("POST /api/v2/upload/datasets/") == 1


def test_a_token_that_ran_out(program, server):
    server.fail_next("/api/v2/upload/files/", 401, body={"non_field_errors": ["Token has expired."]})
    done = send(program, server, "services")
    assert done.returncode == 0, done.stderr
    assert server.paths().count("POST /api/v2/auth/token/generate") == 2


def test_an_older_server_takes_personal_keys_by_get(program, server):
    server.fail_next("/api/v2/auth/pkey/jwt/", 405)
    assert send(program, server, "services", environment=BY_KEY).returncode == 0
    assert server.paths()[:2] == ["POST /api/v2/auth/pkey/jwt/", "GET /api/v2/auth/pkey/jwt/"]


@pytest.mark.parametrize(("status", "body", "sentence", "hint"), [
    (500, {"detail": "boom"}, "500: boom", "the server has trouble"),
    (403, {"detail": "no"}, "403: no", "this account may not do that"),
    (402, {"message": "quota of 10 files"}, "quota of 10 files", "quota"),
    (413, {}, "413", "send less"),
    (404, {"detail": "Not found."}, "404", "Graphistry server"),
    (400, {"file_type": ["not a valid choice"]}, "not a valid choice", ""),
])
def test_what_the_server_refuses(program, server, status, body, sentence, hint):
    server.fail_next("/api/v2/files/", status, times=9, body=body)
    done = send(program, server, "services")
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr and hint in done.stderr


def test_a_file_that_the_server_cannot_read(program, server):
    server.fail_next("/api/v2/upload/files/", 200, body={"is_valid": False, "is_uploaded": True, "errors": ["bad column"]})
    assert "bad column" in send(program, server, "services").stderr


def test_a_view_that_stays_open_is_said(program, server):
    server.fail_next("/api/v2/share/link/", 403, body={"status": "ERR", "message": "not yours"})
    done = send(program, server, "services")
    assert (done.returncode, done.stdout) == (1, "")
    assert "could not be made private" in done.stderr and next(iter(server.datasets)) in done.stderr


def test_no_server(program):
    nobody = f"http://127.0.0.1:{free_port()}"
    said = program.refused("graphistry", "services", "--server", nobody, environment=BY_PASSWORD)
    assert "cannot connect to 127.0.0.1" in said
    said = program.refused("graphistry", "services", "--server", "https://no.such.host.invalid", environment=BY_PASSWORD)
    assert "cannot find no.such.host.invalid" in said
    assert "is no address" in program.refused("graphistry", "services", "--server", "ftp://x", code=2, environment=BY_PASSWORD)


def test_no_graphistry_at_the_address(program, server):
    server.fail_next("/api/v2/auth/token/generate", 200, body={"hello": "world"})
    assert "none of a Graphistry server's" in send(program, server, "services").stderr
    server.fail_next("/api/v2/auth/token/generate", 301, headers={"Location": "https://elsewhere.example"})
    assert "sends us on to https://elsewhere.example" in send(program, server, "services").stderr


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--color", "nothing"], "--color: the nodes have no column 'nothing'"),
    (["--size", "label"], "--size: the column 'label' holds no numbers"),
])
def test_a_column_that_does_not_serve(program, server, arguments, sentence):
    assert sentence in send(program, server, "services", *arguments).stderr
    assert server.requests == []


def test_an_empty_graph_is_not_sent(program, server):
    done = send(program, server, "services", "--since", "1s")
    assert done.returncode == 1 and "there is nothing in" in done.stderr
    assert server.requests == []


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A certificate of its own for 127.0.0.1, and one for another name."""
    folder = tmp_path_factory.mktemp("certificates")
    for name, subject in (("right", "IP:127.0.0.1"), ("other", "DNS:other.example")):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                        "2", "-subj", "/CN=test", "-addext", f"subjectAltName={subject}", "-keyout", folder / f"{name}.key",
                        "-out", folder / f"{name}.pem"], check=True, capture_output=True, timeout=20)
    return folder


def test_tls_is_checked(program, certificates):
    server = Graphistry((str(certificates / "right.pem"), str(certificates / "right.key")))
    try:
        done = send(program, server, "services")
        assert done.returncode == 1 and "is not trusted" in done.stderr and "--ca-file" in done.stderr
        assert server.requests == [], "no credentials before the certificate is checked"
        trusting = ["--ca-file", str(certificates / "right.pem")]
        done = send(program, server, "services", *trusting)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("https://127.0.0.1") and server.problems == []
        named = {**BY_PASSWORD, "SSL_CERT_FILE": str(certificates / "right.pem")}
        assert send(program, server, "services", environment=named).returncode == 0
    finally:
        server.close()


def test_a_certificate_for_somebody_else(program, certificates):
    server = Graphistry((str(certificates / "other.pem"), str(certificates / "other.key")))
    try:
        done = send(program, server, "services", "--ca-file", str(certificates / "other.pem"))
        assert done.returncode == 1 and "is not trusted" in done.stderr
        assert server.requests == []
    finally:
        server.close()
