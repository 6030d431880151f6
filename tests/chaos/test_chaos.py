"""The short plan: every kind of harm at least once in about two minutes, and nothing lost, doubled or out of order."""
import subprocess
from pathlib import Path

RUN = Path(__file__).parent / "run"
TIME_LIMIT_S = 420


def test_short_plan(tmp_path):
    command = [RUN, "--short", "--agents", "4", "--tenants", "3", "--rate", "50", "--keep", tmp_path / "chaos"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
