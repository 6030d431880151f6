"""The made-up enterprise of bench/quality is the same for the same seed, and its judge judges a small case rightly."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from enterprise.attacks import ATTACKS  # noqa: E402
from enterprise.journal import FAILURE, FLOW, LOGIN, SUCCESS, Entry, line_of  # noqa: E402
from enterprise.judge import judge, report  # noqa: E402
from enterprise.simulate import Run, simulate  # noqa: E402
from enterprise.world import BEGIN, DAY  # noqa: E402

FAILED, FLOWS = (LOGIN, 1, FAILURE), (FLOW, 1, SUCCESS)


def lines(seed):
    run = simulate(seed, days=3, hosts=12)
    return [line_of(entry, i) for i, entry in enumerate(run.entries)]


class SimulatorTest(unittest.TestCase):
    def test_a_seed_is_one_enterprise(self):
        self.assertEqual(lines(5), lines(5))
        self.assertNotEqual(lines(5), lines(6))

    def test_every_attack_is_laid_in_after_some_learning(self):
        run = simulate(5, days=3, hosts=12)
        told = {entry.attack for entry in run.entries if entry.attack}
        self.assertEqual(told, set(ATTACKS) - {"agent silenced"})
        for entry in run.entries:
            self.assertTrue(not entry.attack or entry.seconds >= BEGIN + DAY)

    def test_nobody_hears_a_muted_host(self):
        run = simulate(5, days=3, hosts=12)
        (host, begin, end), = run.muted
        self.assertFalse([e for e in run.entries if e.host == host and begin <= e.seconds < end])


class Small:
    """A run of a few events on the second day, and of an agent that was ended."""
    days = 3

    def __init__(self):
        at = BEGIN + DAY
        self.world = self
        self.entries = [Entry(at - 60, FLOWS, "a", "1.1.1.1", "", {}),
                        Entry(at + 0, FAILED, "a", "2.2.2.2", "brute force", {}),
                        Entry(at + 1, FAILED, "a", "2.2.2.2", "brute force", {}),
                        Entry(at + 2, FAILED, "b", "1.1.1.1", "", {}),
                        Entry(at + 3, FAILED, "b", "1.1.1.1", "", {}),
                        Entry(at + 4, FLOWS, "c", "3.3.3.3", "beaconing", {}),
                        Entry(at + 900, FLOWS, "c", "3.3.3.3", "", {})]
        self.scores = [(90, 4.5), (40, 2.0), (75, 3.75), (95, 4.75), (20, 1.0), (60, 3.0), (0, 0.5)]
        self.run = Run(0, self.world, self.entries, {}, [("b", at + 4, at + DAY)])
        self.silences = [(f"silence-00-{at + 3}", 71), (f"silence-01-{at + 7}", 72)]


class JudgeTest(unittest.TestCase):
    def setUp(self):
        small = Small()
        self.judged = judge(small.run, small.scores, small.silences)

    def test_an_attack_is_found_by_its_highest_event(self):
        self.assertEqual(self.judged.top["brute force"], 75)
        self.assertEqual(self.judged.top["beaconing"], 60)
        self.assertEqual(self.judged.top["agent silenced"], 71)
        self.assertEqual(self.judged.top["log wiping"], 0)

    def test_benign_events_count_by_kind_and_after_the_first_day(self):
        self.assertEqual(self.judged.first_day, 1)
        self.assertEqual(dict(self.judged.high), {"failed logins": 1, "silences": 1})
        self.assertEqual(self.judged.critical["failed logins"], 1)

    def test_a_window_with_an_attack_is_not_benign(self):
        self.assertEqual(dict(self.judged.windows), {"failed logins": [4.75], "network flows": [0.5]})

    def test_precision_is_of_alarms(self):
        text = "\n".join(report([self.judged]))
        self.assertIn("| brute force | 1/1 | 1/1 | 75.0 (75.0–75.0) | 1 | 1 | 0.50 |", text)
        self.assertIn("| beaconing | 0/1 | 1/1 | 60.0 (60.0–60.0) | 0 | 0 | – |", text)
        self.assertIn("precision of alarms: 50%", text)


if __name__ == "__main__":
    unittest.main()
