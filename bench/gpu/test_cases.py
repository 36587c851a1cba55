import threading
import unittest

import cases
from cases import Case, Lanes


class Cases(unittest.TestCase):
    def test_one_card_is_never_given_a_split(self):
        self.assertTrue(all(not case.split and case.cards == (0,) for case in cases.cases(["a", "b"], 1)))

    def test_with_two_cards_each_model_is_watched_once_while_nothing_else_runs(self):
        found = cases.cases(["a", "b"], 2)
        self.assertEqual(sorted(case.model for case in found if case.alone), ["a", "b"])
        self.assertEqual({case.split for case in found}, {"1,0", "0,1", "0.5,0.5", "0.7,0.3"})

    def test_names_are_unique(self):
        names = [case.name() for case in cases.cases(["a", "b"], 2)]
        self.assertEqual(len(names), len(set(names)))

    def test_cards_are_those_with_a_share(self):
        for case in cases.cases(["a"], 2):
            shares = [float(share) for share in case.split.split(",")]
            self.assertEqual(case.cards, tuple(i for i, share in enumerate(shares) if share > 0), case.name())


class Lane(unittest.TestCase):
    def together(self, pending: list[Case], most: int) -> list[set[str]]:
        """Which models ran at the same time, seen from each case; every case waits a moment for others."""
        seen: list[set[str]] = []
        lanes = Lanes(most, lambda case: True, lambda case: True)
        met = threading.Event()

        def one(case: Case) -> None:
            met.wait(0.05)
            with lanes.changed:
                seen.append({running.model for running in lanes.running})

        self.assertEqual(lanes.run(pending, one), [])
        return seen

    def test_cases_share_a_card_up_to_the_limit(self):
        self.assertEqual(max(map(len, self.together([Case(name, 1) for name in "abcd"], 2))), 2)

    def test_different_cards_do_not_wait_for_each_other(self):
        self.assertIn({"a", "b"}, self.together([Case("a", 1, cards=(0,)), Case("b", 1, cards=(1,))], 1))

    def test_one_that_is_alone_is_alone(self):
        seen = self.together([Case("a", 1), Case("b", 1, alone=True), Case("c", 1)], 3)
        self.assertTrue(all(models == {"b"} for models in seen if "b" in models))

    def test_what_the_deadline_leaves_out_is_given_back(self):
        lanes = Lanes(1, lambda case: True, lambda case: case.model != "b")
        done = []
        left = lanes.run([Case(name, 1) for name in "abc"], lambda case: done.append(case.model))
        self.assertEqual((done, [case.model for case in left]), (["a"], ["b", "c"]))

    def test_a_case_that_breaks_does_not_stop_the_others(self):
        done = []

        def one(case: Case) -> None:
            done.append(case.model)
            if case.model == "a":
                raise SystemExit("broken")

        Lanes(1, lambda case: True, lambda case: True).run([Case("a", 1), Case("b", 1)], one)
        self.assertEqual(done, ["a", "b"])


if __name__ == "__main__":
    unittest.main()
