"""A Graphistry server as the REST documentation describes it. It draws nothing: it checks every request.

What is wrong with a request is kept in `problems` and answered as the real server would. The official clients upload
to it too (tests/exports/test_graphistry_clients.py), so that the checks are themselves checked.
"""

import io
import json
import re
import secrets
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.ipc

USER, PASSWORD = "ada", "lovelace"
KEY_ID, KEY_SECRET = "KEYID12345", "s3cret-of-the-key"
ORGS = {"lab": True, "elsewhere": False}  # name: whether the user is a member

FILE_TYPES = {"arrow", "csv", "json", "orc", "parquet", "xls", "xlsx"}
NODE_BINDINGS = {"node", *(f"node_{name}" for name in (
    "color", "label", "opacity", "size", "title", "weight", "icon", "x", "y", "longitude", "latitude"))}
EDGE_BINDINGS = {"source", "destination", *(f"edge_{name}" for name in (
    "color", "source_color", "destination_color", "label", "opacity", "size", "title", "weight", "icon"))}
ENCODING = re.compile(r"(point|edge)(Legend(Type|Pivot))?(Axis|Badge|Color|Icon|Kepler|Opacity|Size|Weight)"
                      r"(Top|Bottom|Left|Right|TopLeft|TopRight|BottomLeft|BottomRight)?Encoding")
DATASET_MEMBERS = {"node_encodings", "edge_encodings", "metadata", "name", "description", "edge_files", "node_files",
                   "edge_hypergraph_transform", "org_name"}


@dataclass
class Request:
    method: str
    path: str
    query: dict
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class File:
    name: str
    owner: str
    table: pa.Table | None = None


@dataclass
class Dataset:
    body: dict
    edges: list[pa.Table]
    nodes: list[pa.Table]
    privacy: dict | None = None


class Refused(Exception):
    def __init__(self, status: int, body: dict):
        self.status, self.body = status, body


@dataclass
class Graphistry:
    """`faults` are (path prefix, status or "drop", headers, times) that come before anything else."""

    certificate: tuple[str, str] | None = None  # PEM files: chain, key
    requests: list[Request] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)  # token: organisation
    faults: list[list] = field(default_factory=list)

    def __post_init__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.certificate else 'http'}://{self.host}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fail_next(self, prefix: str, status, times: int = 1, headers: dict | None = None, body: dict | None = None) -> None:
        self.faults.append([prefix, status, headers or {}, times, body or {"detail": "made to fail"}])

    def paths(self) -> list[str]:
        return [f"{r.method} {r.path}" for r in self.requests]

    def only_dataset(self) -> Dataset:
        assert len(self.datasets) == 1, self.paths()
        return next(iter(self.datasets.values()))

    # What follows runs on the server's threads.

    def _handler(graphistry):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self):
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(self.command, url.path, {k: v[0] for k, v in parse_qs(url.query).items()},
                                  {k.lower(): v for k, v in self.headers.items()}, body)
                graphistry.requests.append(request)
                headers = {}
                try:
                    if fault := graphistry._fault(request):
                        _, status, headers, _, content = fault
                        if status == "drop":
                            self.close_connection = True
                            return
                    else:
                        status, content = 200, graphistry._answer(request)
                except Refused as refused:
                    status, content = refused.status, refused.body
                    graphistry.problems.append(f"{request.method} {request.path}: {status} {content}")
                data = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = _serve

            def log_message(self, *_):
                pass

        return Handler

    def _fault(self, request: Request):
        for fault in self.faults:
            if request.path.startswith(fault[0]) and fault[3] > 0:
                fault[3] -= 1
                return fault
        return None

    def _answer(self, request: Request) -> dict:
        routes = [
            (r"POST /api-token-auth/", self._login),
            (r"POST /api/v2/auth/token/generate", self._login),
            (r"(POST|GET) /api/v2/auth/pkey/jwt/", self._login_by_key),
            (r"POST /api/v2/auth/token/refresh", self._refresh),
            (r"POST /api-token-verify/", self._refresh),
            (r"POST /api/v2/o/[^/]+/switch/", self._switch),
            (r"POST /api/v2/files/", self._create_file),
            (r"POST /api/v2/upload/files/([^/]+)", self._upload),
            (r"POST /api/v2/upload/datasets/", self._create_dataset),
            (r"POST /api/v2/upload/datasets/([^/]+)/(edges|nodes)/arrow", self._upload_into_dataset),
            (r"POST /api/v2/share/link/", self._share),
        ]
        for pattern, answer in routes:
            if match := re.fullmatch(pattern, f"{request.method} {request.path}"):
                return answer(request, *[g for g in match.groups() if g not in ("POST", "GET")])
        raise Refused(404, {"detail": "Not found."})

    @staticmethod
    def _json(request: Request, required: set[str], optional: set[str]) -> dict:
        if "application/json" not in request.headers.get("content-type", ""):
            raise Refused(415, {"detail": "Unsupported media type"})
        body = request.json
        if not isinstance(body, dict):
            raise Refused(400, {"detail": "not an object"})
        missing, unknown = required - body.keys(), body.keys() - required - optional
        if missing or unknown:
            raise Refused(400, {"detail": f"missing {sorted(missing)}, unknown {sorted(unknown)}"})
        return body

    def _token(self, org: str | None) -> dict:
        token = f"jwt-{secrets.token_hex(8)}"
        self.tokens[token] = org or ""
        answer = {"token": token}
        if org:
            answer["active_organization"] = {"slug": org, "is_found": org in ORGS, "is_member": ORGS.get(org, False)}
        return answer

    def _authorised(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            raise Refused(401, {"detail": "Authentication credentials were not provided."})
        return token

    def _login(self, request: Request) -> dict:
        body = self._json(request, {"username", "password"}, {"org_name"})
        if (body["username"], body["password"]) != (USER, PASSWORD):
            raise Refused(400, {"non_field_errors": ["Unable to log in with provided credentials."]})
        return self._token(body.get("org_name"))

    def _login_by_key(self, request: Request) -> dict:
        if request.headers.get("authorization") != f"PersonalKey {KEY_ID}:{KEY_SECRET}":
            raise Refused(401, {"detail": "Invalid personal key."})
        body = self._json(request, set(), {"org_name"}) if request.body else {}
        return self._token(body.get("org_name"))

    def _refresh(self, request: Request) -> dict:
        body = self._json(request, {"token"}, set())
        if body["token"] not in self.tokens:
            raise Refused(400, {"non_field_errors": ["Token has expired."]})
        return {"token": body["token"]}

    def _switch(self, request: Request) -> dict:
        self._authorised(request)
        return {"status": "OK"}

    def _create_file(self, request: Request) -> dict:
        token = self._authorised(request)
        body = self._json(request, {"file_type"}, {
            "agent_name", "agent_version", "name", "description", "org_name", "file_compression", "parser_options",
            "sql_transforms"})
        if body["file_type"] not in FILE_TYPES:
            raise Refused(400, {"file_type": [f"\"{body['file_type']}\" is not a valid choice."]})
        self._check_org(body, token)
        file_id = secrets.token_hex(8)
        self.files[file_id] = File(body.get("name", ""), token)
        return {"file_id": file_id, "file_type": body["file_type"], "is_valid": False, "is_uploaded": False}

    def _check_org(self, body: dict, token: str) -> None:
        if "org_name" in body and body["org_name"] != self.tokens[token]:
            raise Refused(403, {"detail": f"logged in for '{self.tokens[token]}', sends for '{body['org_name']}'"})

    @staticmethod
    def _table(body: bytes) -> pa.Table:
        if body[:8] != b"ARROW1\0\0" or body[-6:] != b"ARROW1":
            raise ValueError("not an Arrow IPC file")
        return pyarrow.ipc.open_file(io.BytesIO(body)).read_all()

    def _upload(self, request: Request, file_id: str) -> dict:
        self._authorised(request)
        if file_id not in self.files:
            raise Refused(404, {"detail": "Not found."})
        if "content-type" in request.headers:
            raise Refused(415, {"detail": "the body is the file itself: no Content-Type"})
        if self.files[file_id].table is not None and request.query.get("erase") != "true":
            raise Refused(400, {"detail": "uploaded already; erase=true replaces it"})
        try:
            table = self.files[file_id].table = self._table(request.body)
        except (ValueError, pa.ArrowInvalid) as error:
            self.problems.append(f"file {self.files[file_id].name}: {error}")
            return {"file_id": file_id, "is_valid": False, "is_uploaded": True, "errors": [str(error)]}
        return {"file_id": file_id, "is_valid": True, "is_uploaded": True, "errors": [], "tables_schemas": [
            {"num_rows": table.num_rows, "num_cols": table.num_columns,
             "dtypes": {f.name: str(f.type) for f in table.schema}}]}

    def _files_of(self, body: dict, member: str) -> list[pa.Table]:
        tables = []
        for entry in body.get(member, []):
            file_id = entry[0] if isinstance(entry, list) else entry
            if file_id not in self.files or self.files[file_id].table is None:
                raise Refused(400, {"message": f"{member}: {file_id} is not uploaded", "success": False})
            tables.append(self.files[file_id].table)
        return tables

    def _create_dataset(self, request: Request) -> dict:
        token = self._authorised(request)
        body = self._json(request, {"node_encodings", "edge_encodings", "metadata", "name"}, DATASET_MEMBERS)
        self._check_org(body, token)
        edges, nodes = self._files_of(body, "edge_files"), self._files_of(body, "node_files")
        missing = {"agent", "apiversion"} - body["metadata"].keys()
        if missing or body["metadata"]["apiversion"] != "3":
            raise Refused(400, {"message": f"metadata: {body['metadata']}", "success": False})
        check_encodings(body["node_encodings"], NODE_BINDINGS, {"node"} if nodes else set(), "point", nodes)
        check_encodings(body["edge_encodings"], EDGE_BINDINGS, {"source", "destination"}, "edge", edges)
        dataset_id = secrets.token_hex(16)
        self.datasets[dataset_id] = Dataset(body, edges, nodes)
        return {"success": True, "message": "Dataset created", "data": {"dataset_id": dataset_id}}

    def _upload_into_dataset(self, request: Request, dataset_id: str, which: str) -> dict:
        self._authorised(request)
        if dataset_id not in self.datasets:
            raise Refused(404, {"detail": "Not found."})
        getattr(self.datasets[dataset_id], which).append(self._table(request.body))
        return {"success": True, "message": "", "data": {"dataset_id": dataset_id}}

    def _share(self, request: Request) -> dict:
        self._authorised(request)
        body = self._json(request, {"obj_pk", "obj_type", "mode"},
                          {"notify", "invited_users", "mode_action", "message"})
        if body["obj_pk"] not in self.datasets or body["obj_type"] != "dataset":
            raise Refused(404, {"status": "ERR", "message": "no such dataset"})
        if body["mode"] not in ("private", "organization", "public") or body.get("mode_action") not in ("10", "20", "30"):
            raise Refused(400, {"status": "ERR", "message": f"mode {body['mode']}, action {body.get('mode_action')}"})
        self.datasets[body["obj_pk"]].privacy = body
        return {"status": "OK", "success": True, "message": ""}


def check_encodings(encodings: dict, bindings: set[str], required: set[str], graph_type: str, tables: list) -> None:
    """Names, forms, and that every column that is spoken of is there."""

    def refuse(message: str):
        raise Refused(400, {"message": f"{graph_type}: {message}", "success": False})

    columns = {name for table in tables for name in table.column_names}
    bound = encodings.get("bindings", {})
    if unknown := bound.keys() - bindings:
        refuse(f"unknown bindings {unknown}")
    if missing := required - bound.keys():
        refuse(f"missing bindings {missing}")
    if tables and (absent := set(bound.values()) - columns):
        refuse(f"bindings to columns that are not there: {absent}")
    for group, named in encodings.get("complex", {}).items():
        if group not in ("default", "current"):
            refuse(f"complex.{group}")
        for name, encoding in named.items():
            if not ENCODING.fullmatch(name) or not name.startswith(graph_type):
                refuse(f"no encoding is called {name}")
            if encoding.get("graphType") != graph_type:
                refuse(f"{name}: graphType {encoding.get('graphType')}")
            if tables and encoding.get("attribute") not in columns:
                refuse(f"{name}: no column {encoding.get('attribute')}")
            if encoding.get("variation") == "continuous":
                if not encoding.get("colors"):
                    refuse(f"{name}: continuous without colours")
            elif encoding.get("variation") == "categorical":
                mapping = encoding.get("mapping", {}).get("categorical", {})
                if not isinstance(mapping.get("fixed"), dict):
                    refuse(f"{name}: categorical without a mapping")
            else:
                refuse(f"{name}: variation {encoding.get('variation')}")
