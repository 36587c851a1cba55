import os
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


if __name__ == "__main__":
    unittest.main()
