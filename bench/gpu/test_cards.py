import types
import unittest
from unittest import mock

import cards

MIB = 2**20


class Fake:
    """Two cards; each reading of the processes is the next of `readings`: for each card bytes by process id."""

    uuids = ["GPU-a", "GPU-b"]

    def __init__(self, *readings: list[dict]):
        self.readings = list(readings)

    def __len__(self) -> int:
        return 2

    def processes(self) -> list[dict]:
        return self.readings.pop(0)

    def used(self) -> list[int]:
        return [500 * MIB, 400 * MIB]


class Highest(unittest.TestCase):
    def test_is_the_highest_reading_of_our_processes(self):
        found = cards.highest(Fake([{1: 10, 2: 5, 9: 99}, {}], [{1: 7, 2: 1}, {}]), [1, 2], samples=2, pause=0)
        self.assertEqual(found, {"process": [15, 0], "card": [500 * MIB, 400 * MIB], "listed": [True, False]})

    def test_bytes_that_nvml_does_not_tell_are_unknown(self):
        found = cards.highest(Fake([{1: None}, {}], [{1: 7}, {1: 3}]), [1], samples=2, pause=0)
        self.assertEqual((found["process"], found["listed"]), ([None, 3], [True, True]))


class Smi(unittest.TestCase):
    def reading(self, apps: str) -> dict:
        def run(command, **_):
            return types.SimpleNamespace(stdout=apps if "compute-apps" in command[1] else "GPU-a, 900\nGPU-b, 4\n")
        with mock.patch.object(cards.subprocess, "run", run):
            return cards.smi_reading(Fake(), [1, 2])

    def test_sums_our_processes_on_each_card(self):
        self.assertEqual(self.reading("GPU-a, 1, 500\nGPU-a, 2, 20\nGPU-a, 9, 77\n"),
                         {"process_mib": [520, 0], "card_mib": [900, 4]})

    def test_what_it_does_not_tell_is_unknown(self):
        self.assertEqual(self.reading("GPU-a, 1, [N/A]\n")["process_mib"], [None, 0])


if __name__ == "__main__":
    unittest.main()
