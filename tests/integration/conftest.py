"""What the integration tests stand on: a broker, and a fleet of agents and collectors a test."""
import re

import pytest

from support.kafka_server import KafkaServer
from support.vedette import Fleet


@pytest.fixture(scope="session")
def kafka(tmp_path_factory):
    """The broker that tests share; each uses topics of its own, and leaves it running."""
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
def own_kafka(tmp_path):
    """A broker of this test alone, to stop, kill and pause."""
    with KafkaServer(tmp_path / "kafka") as server:
        yield server


def _run_fleet(folder, server, request):
    prefix = "t." + re.sub(r"[^a-zA-Z0-9_-]", "-", request.node.name)[:40]
    fleet = Fleet(folder, server, prefix)
    try:
        yield fleet
        fleet.stop()
    finally:
        fleet.close()


@pytest.fixture
def fleet(tmp_path, kafka, request):
    """A fleet on the shared broker. After the test all that still runs must stop clean."""
    yield from _run_fleet(tmp_path, kafka, request)


@pytest.fixture
def own_fleet(tmp_path, own_kafka, request):
    """A fleet on a broker of its own: own_fleet.kafka may be stopped, killed and paused."""
    yield from _run_fleet(tmp_path, own_kafka, request)
