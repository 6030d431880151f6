"""The short plan: every kind of harm at least once in about two minutes, and nothing lost, doubled or out of order."""
import re
import subprocess
from pathlib import Path

import pytest
from support.process import run as run_program

RUN = Path(__file__).parent / "run"
TIME_LIMIT_S = 420


def knows(program, config, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(config)
    said = run_program(program, "--config", path, "--check-config").stderr
    return not re.search("unknown key|expected one of", said)


def test_short_plan(tmp_path):
    if not (knows("vedette-agent", '{"spool": {"folder": "/x"}}', tmp_path)
            and knows("vedette-collector", '{"kafka": {"delivery": "exactly-once"}}', tmp_path)):
        pytest.skip("this build has no spool or no transactions")
    command = [RUN, "--short", "--agents", "4", "--tenants", "3", "--rate", "50", "--keep", tmp_path / "chaos"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
