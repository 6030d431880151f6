"""What operators do wrong, and what they ask: mistakes in the configuration, a port that is taken, a full disk, SIGHUP."""
import socket

import pytest

from support.certificates import DAY, Authority
from support.process import run

EX_CONFIG = 78
PROGRAMS = ["vedette-agent", "vedette-collector"]


def complaint(path, text, *arguments, binary="vedette-collector"):
    """What the program says of a configuration file with this text; it must not accept it."""
    path.write_text(text)
    done = run(binary, "--config", path, "--check-config", *arguments)
    assert done.returncode == EX_CONFIG, done.stderr
    return done.stderr


@pytest.mark.parametrize("text, place, says", [
    ("listen:\n  adress: 127.0.0.1:7170\n", ":2:3", ["adress", "address"]),
    ("listen:\n  address: nowhere\n", ":2:", ["address"]),
    ("listen:\n  max_sessions: -1\n", ":2:", ["max_sessions"]),
    ("listen:\n  max_sessions: 99999999999999999999\n", ":2:", ["max_sessions"]),
    ("log:\n  level: loud\n", ":2:", ["loud", "debug", "info", "warn", "error"]),
    ("log: {level: info\n", ":2:", []),
    ("listen: 7\n", ":1:", ["listen"]),
])
def test_a_mistake_is_told_with_its_place(tmp_path, text, place, says):
    told = complaint(tmp_path / "collector.yaml", text)
    assert f"collector.yaml{place}" in told
    for word in says:
        assert word in told


def test_an_agent_with_an_unknown_source(tmp_path):
    told = complaint(tmp_path / "agent.yaml", "sources:\n  - type: tales\n", binary="vedette-agent")
    assert "agent.yaml:2:" in told and "tail" in told and "journal" in told


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_file_that_is_not_there(tmp_path, name):
    done = run(name, "--config", tmp_path / "gone.yaml", "--check-config")
    assert done.returncode != 0 and "gone.yaml" in done.stderr


def test_the_environment_goes_over_the_file(tmp_path):
    config = tmp_path / "collector.yaml"
    config.write_text("log:\n  level: warn\n")
    done = run("vedette-collector", "--config", config, "--print-config", env={"VEDETTE_LOG_LEVEL": "debug"})
    assert done.returncode == 0 and "level: debug" in done.stdout
    done = run("vedette-collector", "--config", config, "--check-config", env={"VEDETTE_LOG_LEVEL": "loud"})
    assert done.returncode == EX_CONFIG and "VEDETTE_LOG_LEVEL" in done.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_printed_loads_again(tmp_path, name):
    printed = run(name, "--print-config")
    assert printed.returncode == 0, printed.stderr
    again = tmp_path / "printed.yaml"
    again.write_text(printed.stdout)
    assert run(name, "--config", again, "--print-config").stdout == printed.stdout


@pytest.mark.parametrize("name", [*PROGRAMS, "vedette"])
def test_help_and_version(name):
    for option in ("--help", "--version"):
        done = run(name, option)
        assert done.returncode == 0 and name in done.stdout
    assert run(name, "--no-such-option").returncode == 64


def test_a_port_that_is_taken(fleet):
    collector = fleet.new_collector()
    with socket.create_server(("127.0.0.1", collector.port)):
        collector.start()
        assert collector.wait() != 0
    assert str(collector.port) in collector.log_text()


@pytest.mark.parametrize("what", ["certificate", "key", "ca"])
def test_a_certificate_that_is_not_there(fleet, what):
    collector = fleet.new_collector(tls={what: "/nowhere/file.pem"})
    collector.start()
    assert collector.wait() != 0
    assert "/nowhere/file.pem" in collector.log_text()


def test_an_expired_certificate_of_its_own(fleet):
    ours = Authority.load(fleet.identities.folder)
    certificate, key = ours.issue(fleet.folder / "bad", "old", ["spiffe://vedette.test/collector/c1"], begins=-2 * DAY,
                                  ends=-DAY)
    good = fleet.identities.collector("c1")
    collector = fleet.new_collector(tls={"certificate": str(certificate), "key": str(key)})
    collector.start()
    collector.wait_ready()
    path = fleet.log_file("auth.log", ["a line\n"] * 100)
    agent = fleet.agent("north", "web-1", collector, [path])
    agent.wait_for_log('msg="not connected".*certificate has expired')
    assert collector.log_text().count("no peer will believe our certificate") == 1
    collector.configure(tls={"certificate": good["certificate"], "key": good["key"]})
    collector.reload()
    with fleet.events() as events:
        assert len(events.read(100)) == 100


@pytest.mark.parametrize("begins, ends, why", [(-2 * DAY, -DAY, "certificate has expired"),
                                               (DAY, 2 * DAY, "certificate is not valid yet")])
def test_an_agent_of_another_time(fleet, begins, ends, why):
    """As on a host that boots with its clock a day back: it takes events in, goes on trying, and says why."""
    collector = fleet.collector()
    ours = Authority.load(fleet.identities.folder)
    certificate, key = ours.issue(fleet.folder / "bad", "odd", ["spiffe://vedette.test/tenant/north/agent/web-1"],
                                  begins=begins, ends=ends)
    good = fleet.identities.agent("north", "web-1")
    path = fleet.log_file("auth.log", ["a line\n"] * 100)
    agent = fleet.agent("north", "web-1", collector, [path], tls={"certificate": str(certificate), "key": str(key)})
    collector.wait_for_log(f'msg="handshake failed".*{why}')
    agent.wait_for_log('msg="not connected"(.*\n)*.*msg="not connected"')  # again and again
    assert agent.log_text().count("no peer will believe our certificate") == 1
    assert why in agent.log_text()
    agent.configure(tls={"certificate": good["certificate"], "key": good["key"]})
    agent.reload()
    with fleet.events() as events:
        assert len(events.read(100)) == 100
    # What is not valid replaces nothing that is.
    agent.configure(tls={"certificate": str(certificate), "key": str(key)})
    agent.reload()
    agent.wait_for_log("level=error.*odd")
    assert agent.running


def test_a_log_on_a_full_disk(fleet):
    """What cannot be written is lost; nothing else is."""
    collector = fleet.new_collector()
    collector.start(output="/dev/full")
    collector.wait_ready()
    path = fleet.log_file("auth.log", ["a line\n"] * 100)
    assert fleet.agent("north", "web-1", collector, [path], once=True).wait(60) == 0
    with fleet.events() as events:
        assert len(events.read(100)) == 100


def test_sessions_open_after_a_reload(fleet):
    collector = fleet.new_collector("c1")
    collector.configure(name="")  # it is then the certificate's
    collector.start()
    collector.wait_ready()
    collector.reload()
    collector.wait_for_log(r"level=info .*reload")
    path = fleet.log_file("auth.log", ["a line\n"] * 10)
    assert fleet.agent("north", "web-1", collector, [path], once=True).wait(60) == 0
    fleet.agent("north", "web-2", collector, [path]).wait_for_log("msg=connected collector=c1 ")


def test_sighup_keeps_what_was_when_the_new_is_wrong(fleet):
    collector = fleet.collector()
    good = collector.config.read_text()
    collector.config.write_text("listen:\n  adress: x\n")
    collector.reload()
    collector.wait_for_log(r"level=error .*adress")
    collector.config.write_text(good)
    collector.reload()
    collector.wait_for_log(r"level=info .*reload")
    assert collector.http("/readyz")[0] == 200
