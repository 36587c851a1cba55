"""Rows for a store at rest, written by DuckDB itself: what the console is asked for when a store has grown."""

import ctypes
import random
from pathlib import Path


class Database:
    """A DuckDB file through the engine's C interface; only what filling needs."""

    def __init__(self, library: Path, file: Path) -> None:
        self._duckdb = ctypes.CDLL(str(library))
        self._database, self._connection = ctypes.c_void_p(), ctypes.c_void_p()
        self._check(self._duckdb.duckdb_open(str(file).encode(), ctypes.byref(self._database)), "open")
        self._check(self._duckdb.duckdb_connect(self._database, ctypes.byref(self._connection)), "connect")

    @staticmethod
    def _check(state: int, what: str) -> None:
        if state != 0:
            raise RuntimeError(f"DuckDB: {what} failed")

    def run(self, sql: str) -> None:
        self._check(self._duckdb.duckdb_query(self._connection, sql.encode(), None), sql[:80])

    def close(self) -> None:
        self._duckdb.duckdb_disconnect(ctypes.byref(self._connection))
        self._duckdb.duckdb_close(ctypes.byref(self._database))


def fill(library: Path, file: Path, requests: int, end_unix_s: int, days: int = 7) -> None:
    """Requests spread evenly over the days before `end_unix_s`, with phases that add up."""
    step = days * 86_400 * 10**9 // requests
    first = end_unix_s * 10**9 - requests * step
    database = Database(library, file)
    database.run(f"SELECT setseed({random.Random(7).random()})")
    database.run(f"""
      INSERT INTO requests BY NAME
      SELECT 'made-' || i AS request_id, md5(i::VARCHAR) AS trace_id, {first} + i * {step} AS start_unix_ns,
             '/v1/chat/completions' AS route, 'chat' AS operation, 'model-' || (i % 5) AS model, true AS stream,
             CASE WHEN i % 97 = 0 THEN 500 ELSE 200 END AS http_status,
             CASE WHEN i % 97 = 0 THEN 'engine_error' END AS error_type,
             q + p + d AS total_ns, q AS queue_ns, p AS prefill_ns, d AS decode_ns, q + p AS ttft_ns,
             q + p + d AS upstream_ns, 200 + i % 3000 AS input_tokens, 100 AS cached_tokens, 20 + i % 200 AS output_tokens
      FROM (SELECT range AS i, (10 ** (5 + 3 * random()))::BIGINT AS q, (10 ** (7 + 2 * random()))::BIGINT AS p,
                   (10 ** (8 + 1.6 * random()))::BIGINT AS d FROM range({requests}))""")
    database.close()
