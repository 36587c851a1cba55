import unittest

import streams


def answer(begun: float, chunks: list[float], prompt: int) -> dict:
    timings = {"prompt_n": prompt, "predicted_n": len(chunks), "prompt_per_second": 1000.0, "predicted_per_second": 50.0}
    return {"begun": begun, "chunks": chunks, "ended": chunks[-1], "timings": timings}


class Rates(unittest.TestCase):
    def test_of_one_stream(self):
        rates = streams.rates([answer(10.0, [10.5, 10.6, 10.7], 100)])
        self.assertAlmostEqual(rates["prefill"], 200)
        self.assertAlmostEqual(rates["decode"], 10)
        self.assertEqual((rates["server_prefill"], rates["server_decode"]), (1000.0, 50.0))

    def test_of_several_are_by_the_clock_over_all(self):
        rates = streams.rates([answer(10.0, [11.0, 11.5, 12.5, 13.0, 14.0], 100), answer(10.0, [12.0, 13.0, 15.0], 300)])
        self.assertAlmostEqual(rates["prefill"], 200)
        self.assertIsNone(rates["server_decode"])
        self.assertAlmostEqual(rates["decode"], 2, msg="four chunks in the two seconds in which both decode")

    def test_of_streams_that_never_decode_together_are_unknown(self):
        self.assertIsNone(streams.rates([answer(0.0, [1.0, 2.0], 10), answer(0.0, [3.0, 4.0], 10)])["decode"])

    def test_of_a_single_token_have_no_pace(self):
        self.assertIsNone(streams.rates([answer(0.0, [1.0], 10)])["decode"])


class Load(unittest.TestCase):
    def test_is_what_the_clients_saw(self):
        seen = streams.under_load([answer(0.0, [0.1, 0.2, 0.4], 5), answer(0.5, [0.7, 0.8, 2.0], 5)])
        self.assertAlmostEqual(seen["tokens_per_second"], 3)
        self.assertAlmostEqual(seen["ttft_ms_p99"], 200)
        self.assertAlmostEqual(seen["gap_ms_p99"], 1200)
        self.assertEqual(seen["requests"], 2)

    def test_percentiles_of_nothing_are_unknown(self):
        self.assertIsNone(streams.percentile([], 0.5))


class SideBySide(unittest.TestCase):
    def test_keeps_the_order_and_gives_the_first_error(self):
        self.assertEqual(streams.side_by_side([lambda: 1, lambda: 2]), [1, 2])

        def broken():
            raise RuntimeError("gone")
        with self.assertRaisesRegex(RuntimeError, "gone"):
            streams.side_by_side([lambda: 1, broken])


if __name__ == "__main__":
    unittest.main()
