"""The systemd units: how exposed systemd itself calls them, and that nothing in them is misspelt."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CONFIGS = Path(__file__).parents[2] / "configs"
# The most that each may score; what the agent has above the collector are the rights its sources need.
EXPOSURE_MAX = {"vedette-agent": 2.3, "vedette-collector": 1.5}

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def _unit(folder, name):
    """The unit as it is installed, with a program that exists in the place of ours."""
    text = (CONFIGS / f"{name}.service.in").read_text()
    text = re.sub(r"@CMAKE_INSTALL_FULL_SBINDIR@/\S+", "/bin/true", text)
    assert "@" not in re.sub(r"@(system-service|privileged|resources)\b", "", text)
    path = folder / f"{name}.service"
    path.write_text(text)
    return path


def _analyze(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          check=False)


@pytest.mark.parametrize("name", EXPOSURE_MAX)
def test_sandbox_is_tight(tmp_path, name):
    done = _analyze("security", "--offline=true", "--no-pager", _unit(tmp_path, name))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= EXPOSURE_MAX[name], done.stdout


@pytest.mark.parametrize("name", EXPOSURE_MAX)
def test_unit_has_no_unknown_directive(tmp_path, name):
    done = _analyze("verify", "--man=no", _unit(tmp_path, name))
    complaints = [line for line in done.stderr.splitlines() if name in line]
    assert not complaints, done.stderr


@pytest.mark.parametrize("name", EXPOSURE_MAX)
def test_stop_waits_longer_than_the_drain(name):
    unit = (CONFIGS / f"{name}.service.in").read_text()
    yaml = (CONFIGS / f"{name.removeprefix('vedette-')}.yaml").read_text()
    stop_s = int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)[1])
    drain_ms = int(re.search(r"drain_timeout_ms: (\d+)", yaml)[1])
    assert stop_s * 1000 > drain_ms
