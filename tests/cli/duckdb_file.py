"""Writes to a store's file with the same libduckdb that the program uses, while the program does not run."""

import ctypes
import re
import subprocess
from pathlib import Path

from support import places


def library() -> ctypes.CDLL:
    linked = subprocess.run(["ldd", places.product()], capture_output=True, text=True, check=True, timeout=10).stdout
    return ctypes.CDLL(re.search(r"libduckdb\S* => (\S+)", linked).group(1))


def execute(file: Path, script: str) -> None:
    """Runs every statement of `script`; raises with DuckDB's message when one fails."""
    duckdb = library()
    duckdb.duckdb_result_error.restype = ctypes.c_char_p
    database, connection = ctypes.c_void_p(), ctypes.c_void_p()
    if duckdb.duckdb_open(str(file).encode(), ctypes.byref(database)):
        raise RuntimeError(f"cannot open {file}")
    try:
        duckdb.duckdb_connect(database, ctypes.byref(connection))
        result = ctypes.create_string_buffer(256)  # a duckdb_result; its members are not looked at
        if duckdb.duckdb_query(connection, script.encode(), result):
            raise RuntimeError(duckdb.duckdb_result_error(result).decode())
        duckdb.duckdb_destroy_result(result)
    finally:
        duckdb.duckdb_disconnect(ctypes.byref(connection))
        duckdb.duckdb_close(ctypes.byref(database))
