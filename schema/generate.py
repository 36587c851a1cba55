"""Makes C++, TypeScript and documentation from the declarations in this folder.

    python3 schema/generate.py --cpp DIR --ts FILE --doc FILE     write (each flag is optional)
    python3 schema/generate.py --check-doc FILE                   fail when FILE is stale

Python 3.11, standard library only. Files are rewritten only when their content changes.
"""

import argparse
import pathlib
import sys

import emit_cpp
import emit_doc
import emit_ts
import model


def write_if_changed(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cpp", type=pathlib.Path, help="folder for the C++ files")
    parser.add_argument("--ts", type=pathlib.Path, help="TypeScript file")
    parser.add_argument("--doc", type=pathlib.Path, help="Markdown file")
    parser.add_argument("--check-doc", type=pathlib.Path, help="fail when this Markdown file is stale")
    arguments = parser.parse_args()
    try:
        schema = model.load(pathlib.Path(__file__).parent)
    except model.SchemaError as error:
        print(f"schema: {error}", file=sys.stderr)
        return 1
    if arguments.cpp:
        for name, text in emit_cpp.files(schema).items():
            write_if_changed(arguments.cpp / name, text)
    if arguments.ts:
        write_if_changed(arguments.ts, emit_ts.text(schema))
    if arguments.doc:
        write_if_changed(arguments.doc, emit_doc.text(schema))
    if arguments.check_doc:
        path = arguments.check_doc
        if not path.exists() or path.read_text(encoding="utf-8") != emit_doc.text(schema):
            print(f"{path} is stale: run `python3 schema/generate.py --doc {path}`", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
