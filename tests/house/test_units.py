"""Holds the systemd units to their sandbox: the exposure that systemd-analyze sees stays under the bound of each."""
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
# systemd-analyze counts from 0 (safe) to 10, its thresholds in tenths. The agent must read what others may not.
BOUNDS = {"vedette-agent": 23, "vedette-collector": 15}


class UnitsTest(unittest.TestCase):
    def test_exposure(self):
        for name, bound in BOUNDS.items():
            with self.subTest(unit=name), tempfile.TemporaryDirectory() as folder:
                unit = Path(folder) / f"{name}.service"
                unit.write_text(re.sub(r"@\w+@", "/usr/sbin", (CONFIGS / f"{name}.service.in").read_text()))
                command = ["systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={bound}", unit]
                done = subprocess.run(command, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
