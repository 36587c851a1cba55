import unittest

import compare

MIB = 2**20
PLANNED = {"index": 0, "weights_bytes": 4000 * MIB, "kv_bytes": 1000 * MIB, "compute_bytes": 100 * MIB,
           "context_bytes": 600 * MIB}
SERVER = {"weights": 4000 * MIB, "kv": 1000 * MIB, "compute": 110 * MIB}


class Card(unittest.TestCase):
    def test_within_200_mib_or_3_per_cent_whichever_is_more(self):
        for measured, within in ((5900, True), (5901, False), (5500, True), (5499, False)):
            with self.subTest(measured):
                self.assertIs(compare.card(PLANNED, SERVER, measured * MIB, "process")["within"], within)
        large = {**PLANNED, "weights_bytes": 40000 * MIB}
        self.assertTrue(compare.card(large, None, 42900 * MIB, "process")["within"])

    def test_the_rest_is_what_the_server_did_not_list(self):
        one = compare.card(PLANNED, SERVER, 5700 * MIB, "process")
        self.assertEqual((one["rest_bytes"], one["buffers_off_bytes"]), (590 * MIB, -10 * MIB))

    def test_what_was_not_measured_is_unknown(self):
        one = compare.card(PLANNED, None, None, None)
        self.assertEqual([one[key] for key in ("measured_bytes", "off_bytes", "within", "rest_bytes", "buffers_off_bytes")],
                         [None] * 5)


class Places(unittest.TestCase):
    PLACES = {"CUDA1": SERVER, "CUDA_Host": {"weights": 1, "kv": 2, "compute": 3}, "CPU_Mapped": {"weights": 4, "kv": 0,
                                                                                                 "compute": 0}}

    def test_pinned_ram_is_no_card(self):
        self.assertEqual([compare.on_card(name) for name in ("CUDA0", "CUDA12", "CUDA_Host", "CPU", "Meta(CUDA0,CUDA1)")],
                         [True, True, False, False, True])

    def test_a_card_without_a_buffer_has_zero_bytes(self):
        self.assertEqual(compare.on_cards(self.PLACES, 2), [dict.fromkeys(compare.PARTS, 0), SERVER])

    def test_what_the_server_does_not_divide_is_unknown(self):
        self.assertEqual(compare.on_cards({"Meta(CUDA0,CUDA1)": SERVER}, 2), [None, None])
        self.assertEqual(compare.on_cards({}, 1), [None])

    def test_ram_is_all_that_is_on_no_card(self):
        planned = {"weights_bytes": 5, "kv_bytes": 2, "compute_bytes": 3}
        self.assertEqual(compare.host(planned, self.PLACES)["server"], {"weights": 5, "kv": 2, "compute": 3})
        self.assertIsNone(compare.host(planned, {})["server"])


class Status(unittest.TestCase):
    def test_is_compared_where_both_know(self):
        status = {"gpus": [{"index": 0, "uuid": "a", "memory_used_bytes": 10 * MIB, "processes": [
            {"pid": 1, "role": "engine", "memory_bytes": 8 * MIB + MIB // 2}, {"pid": 2, "role": "engine", "memory_bytes": None},
            {"pid": 3, "role": "stranger", "memory_bytes": 5}, {"pid": 4, "role": "analytics", "memory_bytes": 2 * MIB}]},
            {"index": 1, "uuid": "b", "memory_used_bytes": 7 * MIB, "processes": []}]}
        found = compare.status_beside_smi(status, {"a": 9, "b": None}, {"a": {1: 8, 2: 4, 4: 4}})
        self.assertEqual(found, {"card 0": [1.0], "engine": [0.5], "others": [-2.0], "card 1": []})


class Texts(unittest.TestCase):
    def result(self, **more) -> dict:
        return {"model": "8B", "options": ["--ctx", "8192"], "cards": [compare.card(PLANNED, SERVER, 5700 * MIB, "process")],
                "others": [{"index": 1, "listed": False, "grown_bytes": 0}], "smi_agrees": True, **more}

    def test_the_table_has_a_line_a_card_and_the_error_of_a_case_that_failed(self):
        refused = {"model": "8B", "options": ["--split-mode", "row"], "error": "no | split buffers"}
        lines = compare.whole_table([self.result(), refused]).splitlines()
        self.assertEqual(len(lines), 4)
        self.assertRegex(lines[2], r"\| 5,700 +\| 5,700 +\| \+0 +\| \+0\.0 +\| yes +\| -10 +\| 590 +\|")
        self.assertIn("no / split buffers |", lines[3])

    def test_the_summary_counts(self):
        text = compare.summary([self.result(), {"model": "8B", "options": [], "error": "gone"}])
        for part in ("2 cases, 1 of them with an error", "1 of 1 cards within", "on one card: 590 to 590",
                     "listed on 0 of 1", "1 that nothing else used: bytes changed on 0", "the same MiB in 1 of 1"):
            self.assertIn(part, text)

    def test_nothing_measured_is_not_zero(self):
        trial = self.result(cards=[compare.card(PLANNED, None, None, None)], others=[], smi_agrees=None)
        self.assertNotIn("within 3 %", compare.summary([trial]))
        self.assertIn("not known", compare.summary([trial]))


if __name__ == "__main__":
    unittest.main()
