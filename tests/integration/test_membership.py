"""Members of the group of collectors on a real coordinator: who has which partition, and what a death costs."""
import re
import signal
import time

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from support.process import Process
from support.waiting import wait_for

PARTITIONS, SESSION_MS = 4, 6000
SESSION_S = SESSION_MS / 1000
LINE = re.compile(r"^(assigned|revoked|lost) (\d+)$", re.MULTILINE)


class Member(Process):
    """A process that joins the group under its name, and logs what it is told."""

    def __init__(self, folder, server, prefix, name, *arguments):
        super().__init__("membership-driver", [name, server.address, prefix, SESSION_MS, *arguments], folder / f"{name}.log")

    @property
    def owned(self):
        """The partitions it has, by its log since its last start."""
        owned = set()
        for word, number in LINE.findall(self.log_text()):
            if word == "assigned":
                assert int(number) not in owned
                owned.add(int(number))
            else:
                owned.remove(int(number))
        return owned

    def wait_for_line(self, pattern, timeout_s=20):
        return self.wait_for_log(f"(?m)^{pattern}$", timeout_s)


class Group:
    """Members of one group; each ends with the test."""

    def __init__(self, folder, server, prefix):
        self.folder, self.server, self.prefix, self.members = folder, server, prefix, []
        server.create_topic(f"{prefix}.state.v1", partitions=PARTITIONS)
        server.create_topic(f"{prefix}.shards.v1", cleanup_policy="compact")

    def join(self, name, *arguments):
        member = Member(self.folder, self.server, self.prefix, name, *arguments).start()
        self.members.append(member)
        return member

    def pair(self):
        """Two members, with two partitions each."""
        one = self.join("one")
        wait_for(lambda: len(one.owned) == PARTITIONS, 20, "the first to have everything")
        two = self.join("two")
        wait_for(lambda: len(one.owned) == len(two.owned) == 2, 20, "the second to have half")
        assert one.owned | two.owned == set(range(PARTITIONS))
        return one, two

    def committed(self):
        """What the coordinator has as the group's offsets, by partition."""
        admin = KafkaAdminClient(bootstrap_servers=self.server.address)
        try:
            offsets = admin.list_consumer_group_offsets(self.prefix)
            return {at.partition: kept.offset for at, kept in offsets.items() if kept.offset >= 0}
        finally:
            admin.close()

    def close(self):
        for member in self.members:
            if member.running:
                member.kill()


@pytest.fixture
def group(tmp_path, kafka, request):
    made = Group(tmp_path, kafka, f"m.{request.node.name[:60]}")
    yield made
    made.close()


@pytest.fixture
def own_group(tmp_path, own_kafka):
    made = Group(tmp_path, own_kafka, "m.own")
    yield made
    made.close()


def test_a_restart_under_the_same_name_costs_no_rebalance(group):
    one, two = group.pair()
    had = two.owned
    two.kill()
    two.start()
    wait_for(lambda: two.owned == had, 3, "the restarted member to have what it had")
    two.stop()
    two.start()
    wait_for(lambda: two.owned == had, 3, "the member that ended in good order to have what it had")
    # Long enough for a session to run out, were one running out.
    time.sleep(SESSION_S + 1)
    assert len(one.owned) == 2
    assert len(LINE.findall(one.log_text())) == PARTITIONS + 2


def test_the_partitions_of_a_dead_member_are_given_on(group):
    one, two = group.pair()
    two.kill()
    killed_at = time.monotonic()
    wait_for(lambda: len(one.owned) == PARTITIONS, SESSION_S + 4, "the survivor to have everything")
    assert time.monotonic() - killed_at > 1
    assert "lost" not in one.log_text()


def test_of_two_with_one_name_one_is_expelled(group):
    first = group.join("twin")
    wait_for(lambda: len(first.owned) == PARTITIONS, 20, "the first to have everything")
    log, first.log = first.log, first.log.with_name("first.log")
    log.rename(first.log)
    second = group.join("twin")
    first.wait_for_line("expelled: .*instance.*")
    wait_for(lambda: len(second.owned) == PARTITIONS, 20, "the second to have everything")
    assert "expelled" not in second.log_text()
    first.stop()


def test_what_is_kept_is_the_groups_offset(group):
    keeper = group.join("keeper", 42)
    wait_for(lambda: group.committed() == {p: 42 for p in range(PARTITIONS)}, 20, "the offsets to be committed")
    keeper.stop()


def test_what_is_held_is_given_on_after_five_seconds(group):
    one = group.join("one")
    wait_for(lambda: len(one.owned) == PARTITIONS, 20, "the first to have everything")
    one.process.send_signal(signal.SIGUSR1)
    one.wait_for_line("holding")
    two = group.join("two")
    one.wait_for_line(r"revoked \d")
    asked_at = time.monotonic()
    wait_for(lambda: len(two.owned) == 2, 20, "the second to have half")
    assert time.monotonic() - asked_at > 4


def test_a_paused_member_has_lost_its_partitions(group):
    one, two = group.pair()
    one.pause()
    wait_for(lambda: len(two.owned) == PARTITIONS, SESSION_S + 6, "the other to have everything")
    one.resume()
    one.wait_for_line(r"(lost \d|expelled.*)")


def test_an_outage_is_survived(own_group):
    producer = KafkaProducer(bootstrap_servers=own_group.server.address, acks="all")
    producer.send(f"{own_group.prefix}.shards.v1", key=b"0", value=b"one").get(20)
    member = own_group.join("one")
    member.wait_for_line("caught up")
    assert "record 0=one\n" in member.log_text()
    wait_for(lambda: len(member.owned) == PARTITIONS, 20, "the member to have everything")
    own_group.server.kill()
    time.sleep(SESSION_S + 2)
    own_group.server.start()
    producer.send(f"{own_group.prefix}.shards.v1", key=b"0", value=b"two").get(20)
    producer.send(f"{own_group.prefix}.shards.v1", key=b"0", value=None).get(20)
    producer.close(5)
    member.wait_for_line("record 0=two")
    member.wait_for_line("deleted 0")
    wait_for(lambda: len(member.owned) == PARTITIONS, 30, "the member to have everything again")
    own_group.server.kill()
    began_at = time.monotonic()
    member.stop()
    assert time.monotonic() - began_at < 3
