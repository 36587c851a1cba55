import argparse
import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import parts


class CudaLibraries(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "needed").write_text("libcublas.so.13\nlibcudart.so.13\n")
        self.here = self.folder / "cuda"
        self.here.mkdir()
        (self.here / "libcudart.so.13").touch()
        self.enterContext(mock.patch.dict(os.environ, {"LD_LIBRARY_PATH": f"{self.here}:/elsewhere"}))
        self.enterContext(mock.patch.object(parts.sysconfig, "get_path", lambda _: str(self.folder / "site")))

    def test_what_no_folder_holds_is_missing(self):
        with mock.patch.object(parts, "library_folders", lambda: [self.here]):
            self.assertEqual(parts.missing_libraries(self.folder), ["libcublas.so.13"])

    def test_those_of_nvidias_packages_are_found(self):
        wheel = self.folder / "site/nvidia/cu13/lib"
        wheel.mkdir(parents=True)
        (wheel / "libcublas.so.13").touch()
        self.assertEqual(parts.missing_libraries(self.folder), [])
        path = parts.cuda_environment(self.folder)["LD_LIBRARY_PATH"].split(":")
        self.assertEqual(path, [str(wheel), str(self.here), "/elsewhere"])


class Archives(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.options = argparse.Namespace(pack=self.folder / "pack", work=self.folder / "work", cpu=False, cuda=13)
        self.options.pack.mkdir()

    def pack(self, name: str, word: str) -> Path:
        source = self.folder / "source/rapids"
        source.mkdir(parents=True, exist_ok=True)
        (source / "word").write_text(word)
        archive = self.options.pack / f"{name}.tar.xz"
        subprocess.run(["tar", "-C", source.parent, "-cJf", archive, "rapids"], check=True)
        return archive

    def test_an_archive_is_unpacked_again_when_another_came(self):
        archive = self.pack("analytics", "first")
        seen = parts.unpack(archive, self.options.work / "analytics") / "rapids/word"
        seen.write_text("untouched")
        parts.unpack(archive, self.options.work / "analytics")
        self.assertEqual(seen.read_text(), "untouched")
        parts.unpack(self.pack("analytics", "second"), self.options.work / "analytics")
        self.assertEqual(seen.read_text(), "second")

    def test_analyses_find_what_is_packed_or_came_before(self):
        self.assertEqual(parts.analytics_environment(self.options), {})
        self.pack("analytics", "graphs")
        (self.options.work / "cudf/rapids").mkdir(parents=True)
        found = parts.analytics_environment(self.options)["LLAMATELEMETRY_RAPIDS"].split(":")
        self.assertEqual(found, [str(self.options.work / name) for name in ("programs", "analytics/rapids", "cudf/rapids")])

    def test_the_sets_of_two_cudas_do_not_mix(self):
        for name in ("analytics", "analytics-cu12", "cudf"):
            self.pack(name, name)
        for cuda, names in ((13, ["analytics", "cudf"]), (12, ["analytics-cu12"])):
            self.options.cuda = cuda
            found = parts.analytics_environment(self.options)["LLAMATELEMETRY_RAPIDS"].split(":")[1:]
            self.assertEqual(found, [str(self.options.work / name / "rapids") for name in names])


if __name__ == "__main__":
    unittest.main()
