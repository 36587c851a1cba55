"""Wrong declarations are refused with a sentence; the generated files hold together.

    python3 -m unittest discover -s schema
"""

import pathlib
import shutil
import tempfile
import unittest

import emit_cpp
import emit_doc
import emit_ts
import model

HERE = pathlib.Path(__file__).parent


class Declarations(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for source in HERE.glob("*.toml"):
            shutil.copy(source, self.folder)

    def refused(self, file: str, old: str, new: str, sentence: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with self.assertRaisesRegex(model.SchemaError, sentence):
            model.load(self.folder)

    def test_unknown_type(self):
        self.refused("tables.toml", 'type = "text"', 'type = "string"', "requests.request_id: unknown type string")

    def test_column_twice(self):
        self.refused("tables.toml", 'name = "trace_id"', 'name = "request_id"', "column of requests request_id is declared twice")

    def test_misspelt_key(self):
        self.refused("tables.toml", "null = true", "nul = true", "table requests: .*nul")

    def test_name_that_is_no_identifier(self):
        self.refused("tables.toml", '"request_id"', '"Request-Id"', "not a lower-case name")

    def test_json_that_cannot_be_null(self):
        self.refused("tables.toml", 'type = "json", null = true', 'type = "json"', "a JSON column must be able to be NULL")

    def test_age_column_that_is_missing(self):
        self.refused("tables.toml", 'age_column = "start_unix_ns"', 'age_column = "nothing"', "age_column must be an i64 column")

    def test_loss_that_is_missing(self):
        self.refused("tables.toml", '"store_requests_dropped"', '"store_nothing"', "requests: loss store_nothing is not declared")

    def test_loss_without_a_row(self):
        self.refused("tables.toml", 'row = "RequestRow"\n', "", "requests: a loss needs a row of rows.h")

    def test_unknown_severity(self):
        self.refused("losses.toml", '"error"', '"fatal"', "loss request_records_dropped: unknown severity")

    def test_histogram_without_buckets(self):
        self.refused("telemetry.toml", 'buckets = "duration", description = "Time per', 'description = "Time per', "histograms, and only they")

    def test_buckets_that_do_not_grow(self):
        self.refused("telemetry.toml", "[0.01, 0.02, 0.04", "[0.01, 0.02, 0.02", "buckets duration: edges must grow")

    def test_broken_toml(self):
        self.refused("losses.toml", "[[loss]]", "[[loss", "losses.toml: ")


class Output(unittest.TestCase):
    def setUp(self):
        self.schema = model.load(HERE)

    def test_every_column_is_everywhere(self):
        files, script, doc = emit_cpp.files(self.schema), emit_ts.text(self.schema), emit_doc.text(self.schema)
        for table in self.schema.tables:
            for column in table.columns:
                self.assertIn(f'\\"{column.name}\\" ', files["tables.cc"])
                self.assertIn(f"  {column.name}: ", script)
                self.assertIn(f"| `{column.name}` |", doc)
                if table.row:
                    self.assertIn(f"visit(row.{column.name});", files[f"{table.header}.h"])

    def test_quotes_are_escaped(self):
        self.assertEqual(emit_cpp.quote('a"b\\c\n'), '"a\\"b\\\\c\\n"')
        self.assertEqual(emit_ts.quote("it's"), "'it\\'s'")


if __name__ == "__main__":
    unittest.main()
