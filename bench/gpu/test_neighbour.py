import os
import tempfile
import time
import unittest
from pathlib import Path

from neighbour import Neighbour, words_of


class Program(unittest.TestCase):
    def setUp(self):
        self.here, self.there = (Path(self.enterContext(tempfile.TemporaryDirectory())) for _ in range(2))
        (self.here / "bench").mkdir()
        self.load = self.here / "bench/load"
        self.load.write_text(f"#!/bin/sh\necho ran > {self.here}/seen\nexec sleep 60\n")
        self.load.chmod(0o755)
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        os.chdir(self.here)

    def test_a_path_from_the_callers_folder_is_started_in_another(self):
        with Neighbour("bench/load --busy 9", 1, self.there, dict(os.environ)) as neighbour:
            neighbour.at_work(None, 10)
            end = time.monotonic() + 10
            while not (self.here / "seen").exists() and not neighbour.problem and time.monotonic() < end:
                time.sleep(0.05)
        self.assertEqual(neighbour.problem, "")
        self.assertTrue((self.here / "seen").exists())

    def test_names_that_PATH_is_searched_for_stay(self):
        self.assertEqual(words_of("bench --busy 9"), ["bench", "--busy", "9"])

    def test_a_path_that_is_not_here_stays_for_the_message(self):
        self.assertEqual(words_of("elsewhere/load 'a b'"), ["elsewhere/load", "a b"])


if __name__ == "__main__":
    unittest.main()
