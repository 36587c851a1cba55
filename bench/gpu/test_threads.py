import os
import time
import unittest

import threads


class Threads(unittest.TestCase):
    def test_time_is_counted_under_the_name(self):
        mine = threads.name(os.getpid())
        before = threads.cpu_seconds(os.getpid())
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass
        self.assertGreaterEqual(threads.cpu_seconds(os.getpid())[mine] - before[mine], 0.15)

    def test_shares_are_of_one_core(self):
        self.assertEqual(threads.shares({"gpus": 1.0, "gone": 5.0}, {"gpus": 2.0, "new": 0.5}, 10), {"gpus": 0.1, "new": 0.05})

    def test_who_is_gone_has_no_name(self):
        self.assertEqual((threads.name(2**22 + 1), threads.cpu_seconds(2**22 + 1)), ("", {}))
