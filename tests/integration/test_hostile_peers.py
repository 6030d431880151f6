"""Peers that mean harm or know no better: each ends its own session, with a code, and costs the others nothing."""
import contextlib
import os
import socket
import ssl
import struct
import time

import lz4.block
import pytest

from support.certificates import DAY, Authority
from support.events import schema
from support.peer import BATCH, GOODBYE, HEADER, HELLO, LZ4, PING, WELCOME, Ended, Peer, frame, session

# Codes of GOODBYE, as in PROTOCOL.md.
VERSION, PROTOCOL, LIMIT, SEQUENCE, BUSY, TIMEOUT, REPLACED, UNAVAILABLE, FORKED = 3, 4, 5, 6, 8, 9, 10, 12, 13
NAME = "spiffe://vedette.test/tenant/north/agent/web-1"
MEBIBYTE = 1024 * 1024


def event(**fields):
    now_ms = int(time.time() * 1000)
    return schema("event").Event(**{"class_uid": 3002, "activity_id": 1, "severity_id": 1, "time": now_ms, **fields})


@pytest.fixture
def collector(fleet):
    """A collector; after the test it must still serve an honest peer, and end clean."""
    collector = fleet.collector(listen={"handshake_timeout_ms": 2000, "hello_timeout_ms": 2000, "frame_timeout_ms": 2000})
    yield collector
    with honest_peer(fleet, collector, "afterwards") as peer:
        peer.hello(1, 2)
        peer.batch([event().SerializeToString()])
        assert peer.wait_for_mark(1) == 1


def honest_peer(fleet, collector, name="web-1"):
    tls = fleet.identities.agent("north", name)
    return Peer(collector.port, tls["ca"], tls["certificate"], tls["key"])


@pytest.fixture
def peer(fleet, collector):
    with honest_peer(fleet, collector) as peer:
        yield peer


# ---- Who it is

def issue(fleet, authority, stem="other", uris=(NAME,), **options):
    return authority.issue(fleet.folder / "bad", stem, uris, **options)


def bad_certificate(fleet, kind):
    ours = Authority.load(fleet.identities.folder)
    if kind == "none":
        return None, None
    if kind == "another authority":
        return issue(fleet, Authority.new())
    if kind == "expired":
        return issue(fleet, ours, begins=-2 * DAY, ends=-DAY)
    if kind == "not valid yet":
        return issue(fleet, ours, begins=DAY, ends=2 * DAY)
    uris = {
        "no name": [],
        "a collector's": ["spiffe://vedette.test/collector/c1"],
        "another trust domain": ["spiffe://elsewhere.test/tenant/north/agent/web-1"],
        "two names": [NAME, NAME.replace("web-1", "web-2")],
        "a name too long": ["spiffe://vedette.test/tenant/north/agent/" + "a" * 65],
        "no agent": ["spiffe://vedette.test/tenant/north"],
    }
    return issue(fleet, ours, uris=uris[kind])


@pytest.mark.parametrize("kind", [
    "none", "another authority", "expired", "not valid yet", "no name", "a collector's", "another trust domain",
    "two names", "a name too long", "no agent"])
def test_a_bad_certificate(fleet, collector, kind):
    certificate, key = bad_certificate(fleet, kind)
    with pytest.raises((Ended, ssl.SSLError)), Peer(collector.port, fleet.identities.ca, certificate, key) as peer:
        peer.hello()
    collector.wait_for_log(r"level=(warn|info|error) .*(tls|handshake|certificate|identity)")


@pytest.mark.parametrize("protocol", [None, "h2"])
def test_another_application_protocol(fleet, collector, protocol):
    tls = fleet.identities.agent("north", "web-1")
    with pytest.raises((Ended, ssl.SSLError)):
        Peer(collector.port, tls["ca"], tls["certificate"], tls["key"], protocol).hello()


def test_no_tls_at_all(collector):
    with socket.create_connection(("127.0.0.1", collector.port), timeout=10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while plain.recv(4096):
            pass


def test_an_older_tls(fleet, collector):
    tls = fleet.identities.agent("north", "web-1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(tls["ca"])
    context.load_cert_chain(tls["certificate"], tls["key"])
    with socket.create_connection(("127.0.0.1", collector.port), timeout=10) as raw, pytest.raises(ssl.SSLError):
        context.wrap_socket(raw)


# ---- What it says

def test_garbage_instead_of_a_frame(peer):
    peer.send(os.urandom(4096))
    assert peer.goodbye_code() in (VERSION, PROTOCOL, LIMIT)


def test_an_unknown_frame_version(peer):
    peer.send(frame(HELLO, b"", version=9))
    assert peer.goodbye_code() == VERSION


def test_an_unknown_session_version(peer):
    offer = session.StreamOffer(stream=peer.stream, first=1, next=1)
    hello = session.Hello(version_min=7, version_max=9, streams=[offer])
    peer.send(frame(HELLO, hello.SerializeToString()))
    assert peer.goodbye_code() == VERSION


def test_an_unknown_frame_type(peer):
    peer.send(frame(77, b""))
    assert peer.goodbye_code() == PROTOCOL


def test_a_batch_before_hello(peer):
    peer.send(frame(BATCH, b"x"))
    assert peer.goodbye_code() == PROTOCOL


def test_a_hello_that_is_no_protobuf(peer):
    peer.send(frame(HELLO, b"\xff" * 100))
    assert peer.goodbye_code() == PROTOCOL


def test_a_frame_of_4_gib_announced(collector, peer):
    peer.hello()
    before = collector.resident_bytes()
    peer.send(HEADER.pack(1, BATCH, 0, 2**32 - 1, 2**32 - 1))
    assert peer.goodbye_code() == LIMIT
    assert collector.resident_bytes() < before + 8 * MEBIBYTE


@pytest.mark.parametrize("claimed, sent, code", [(100000, 90000, PROTOCOL), (64 * MEBIBYTE, 1000, LIMIT)])
def test_an_lz4_bomb(collector, peer, claimed, sent, code):
    """A block that unpacks to 64 MiB: it says less, and is found out when unpacked; it says so, and is refused unread."""
    peer.hello()
    before = collector.resident_bytes()
    bomb = lz4.block.compress(bytes(64 * MEBIBYTE), store_size=False)[:90000]
    peer.send(HEADER.pack(1, BATCH, LZ4, len(bomb), claimed) + bomb[:sent])
    assert peer.goodbye_code() == code
    assert collector.resident_bytes() < before + 8 * MEBIBYTE


def test_a_hole_in_the_sequence(peer):
    peer.hello(1, 100)
    peer.batch([event().SerializeToString()], first_seq=7)
    assert peer.goodbye_code() == SEQUENCE


def gap_event(first, last):
    numbers = {"gap.reason": "spool_damaged", "gap.from": str(first), "gap.to": str(last)}
    return event(metadata={"event_code": "GAP"}, count=last - first + 1, unmapped=numbers, class_uid=0, activity_id=0)


def test_a_hole_that_its_gap_tells_of(fleet, peer):
    peer.hello(1, 100)
    peer.batch([event().SerializeToString()])
    peer.batch([gap_event(2, 7).SerializeToString()], first_seq=7, lost=5)
    peer.batch([event().SerializeToString()], first_seq=8)
    assert peer.wait_for_mark(8) == 8
    with fleet.events() as events:
        assert [record.sequence for record in events.read(3)] == [1, 7, 8]


def test_a_hole_that_its_gap_does_not_tell_of(peer):
    peer.hello(1, 100)
    peer.batch([gap_event(2, 7).SerializeToString()], first_seq=7, lost=6)
    assert peer.goodbye_code() == SEQUENCE


# ---- Two hosts with one spool

def fork_of(fleet, stream, count):
    """The one FORK among so many events, which no consumer can take for one of the stream's."""
    with fleet.events() as events:
        forks = [record.event for record in events.read(count) if record.event.metadata.event_code == "FORK"]
    [fork] = forks
    assert fork.metadata.stream_uid == stream.hex()
    assert fork.metadata.sequence == 0
    assert (fork.metadata.tenant_uid, fork.device.uid) == ("north", "web-1")
    return fork


def assert_forked(peer, mark):
    goodbye = peer.receive_until(GOODBYE)
    assert (goodbye.code, goodbye.forked.stream, goodbye.forked.mark) == (FORKED, 0, mark)


def hello_unanswered(peer, first, following):
    offer = session.StreamOffer(stream=peer.stream, first=first, next=following)
    peer.send(frame(HELLO, session.Hello(version_min=1, version_max=1, streams=[offer]).SerializeToString()))


def test_a_host_that_went_back_in_time(fleet, collector, peer):
    peer.hello(1, 4)
    peer.batch([event().SerializeToString()] * 3)
    peer.wait_for_mark(3)
    with honest_peer(fleet, collector) as restored:
        restored.stream = peer.stream
        hello_unanswered(restored, 1, 3)
        assert restored.goodbye_code() == UNAVAILABLE  # until the FORK is kept
    assert_forked(peer, 3)  # nothing more is taken of the stream, whoever brings it
    for _ in range(2):
        with honest_peer(fleet, collector) as restored:
            restored.stream = peer.stream
            hello_unanswered(restored, 1, 3)
            assert_forked(restored, 3)
    fork = fork_of(fleet, peer.stream, 4)
    assert fork.metadata.uid == f"{peer.stream.hex()}-fork-3"
    assert fork.unmapped["fork.detail"] == "behind the mark"
    with honest_peer(fleet, collector) as restored:
        restored.hello(1, 2)  # in a new stream
        restored.batch([event().SerializeToString()])
        assert restored.wait_for_mark(1) == 1


def test_a_copy_that_went_its_own_way(fleet, peer):
    peer.hello(1, 100)
    peer.batch([event().SerializeToString()])
    peer.batch([event().SerializeToString()], first_seq=2, chain=4711)
    assert_forked(peer, 1)
    assert fork_of(fleet, peer.stream, 2).unmapped["fork.detail"] == "another history"


def test_batches_beyond_the_credit(peer):
    """They fit into one segment, and unpack to more than was granted."""
    welcome = peer.hello(1, 10**6)
    events = [event(message="x" * 60000).SerializeToString()] * 15
    batches = 2 * welcome.credit_limit_bytes // (15 * 60000) + 1
    peer.send(b"".join(
        frame(BATCH, session.Batch(stream=0, first_seq=1 + 15 * number, events=events).SerializeToString(), compress=True)
        for number in range(batches)))
    assert peer.goodbye_code() == LIMIT


def test_half_a_frame(peer):
    peer.hello()
    peer.send(frame(PING, b"\x08\x01")[:7])
    assert peer.goodbye_code() == TIMEOUT


def test_silence_after_the_handshake(peer):
    assert peer.goodbye_code() == TIMEOUT


def test_silence_before_the_handshake(collector):
    with socket.create_connection(("127.0.0.1", collector.port), timeout=10) as plain:
        assert plain.recv(1) == b""


def test_a_frame_byte_by_byte(peer):
    """Slow, but in time: served like any other."""
    offer = session.StreamOffer(stream=peer.stream, first=1, next=1)
    hello = session.Hello(version_min=1, version_max=1, streams=[offer])
    for byte in frame(HELLO, hello.SerializeToString()):
        peer.send(bytes([byte]))
    peer.receive_until(WELCOME)


# ---- How much it takes for itself

def test_half_frames_of_many(fleet):
    """Together they hold more than may be under way: nobody may take his time any more."""
    limits = {"session_credit_bytes": MEBIBYTE, "in_flight_bytes": MEBIBYTE}
    collector = fleet.collector(listen={"frame_timeout_ms": 60000}, limits=limits)
    with contextlib.ExitStack() as open_peers:
        peers = [open_peers.enter_context(honest_peer(fleet, collector, f"web-{i}")) for i in range(3)]
        for peer in peers:
            peer.hello()
            peer.send(HEADER.pack(1, BATCH, 0, MEBIBYTE, MEBIBYTE) + os.urandom(900 * 1000))
        assert [peer.goodbye_code() for peer in peers] == [TIMEOUT] * 3
    collector.wait_for_log("too much memory in unfinished frames")


def test_a_host_that_wants_every_place_for_newcomers(fleet):
    """Silent connections, more than there are places: who comes from elsewhere still gets in."""
    collector = fleet.collector(listen={"max_unauthenticated": 16, "handshake_timeout_ms": 60000})
    with contextlib.ExitStack() as connections:
        for _ in range(32):
            connections.enter_context(socket.create_connection(("127.0.0.1", collector.port), 10, ("127.0.0.2", 0)))
        time.sleep(0.5)  # the collector has taken what it takes of them
        connections.enter_context(honest_peer(fleet, collector)).hello()


def test_an_agent_that_wants_every_session(fleet, collector):
    with contextlib.ExitStack() as open_peers:
        for _ in range(8):
            open_peers.enter_context(honest_peer(fleet, collector)).hello()
        one_more = open_peers.enter_context(honest_peer(fleet, collector))
        with pytest.raises(Ended):
            one_more.hello()
        open_peers.enter_context(honest_peer(fleet, collector, "web-2")).hello()
    collector.wait_for_log("too many streams")


def test_a_few_bytes_that_are_many_events(fleet):
    """A hundred packed batches in one read: no more is under way than may be, and others have their turn."""
    collector = fleet.collector(limits={"in_flight_events": 2000, "batch_max_events": 1000}, log={"level": "info"})
    with honest_peer(fleet, collector) as peer:
        peer.hello(1, 10**6)
        bombs = [session.Batch(stream=0, first_seq=1 + 1000 * n, events=[b""] * 1000) for n in range(100)]
        peer.send(b"".join(frame(BATCH, bomb.SerializeToString(), compress=True) for bomb in bombs))
        while collector.metric("vedette_collector_events_received_total") < 100_000:
            assert collector.metric("vedette_collector_in_flight_events") < 2000 + 1000
            with honest_peer(fleet, collector, "web-2") as other:
                other.hello(1, 2)
        assert peer.wait_for_mark(100_000) == 100_000
    assert collector.metric("vedette_collector_flow_stops_total") > 1


def test_batches_of_one_event(collector, peer):
    """Each costs the sender a few bytes, and the collector not much more."""
    before = collector.resident_bytes()
    peer.hello(1, 10**6)
    peer.send(b"".join(
        frame(BATCH, session.Batch(stream=0, first_seq=n, events=[b""]).SerializeToString()) for n in range(1, 10001)))
    assert peer.wait_for_mark(10000) == 10000
    assert collector.resident_bytes() < before + 96 * MEBIBYTE


def test_sessions_that_replace_one_another(fleet, collector):
    """Each takes the stream from the one before, which has sent what nobody has read yet."""
    with contextlib.ExitStack() as open_peers:
        before = open_peers.enter_context(honest_peer(fleet, collector))
        before.hello(1, 10**6)
        for _ in range(20):
            peer = open_peers.enter_context(honest_peer(fleet, collector))
            peer.stream = before.stream
            before.send(frame(PING, b"\x08\x01") * 5000)
            peer.hello(1, 10**6)
            assert before.goodbye_code() == REPLACED
            before = peer
        before.batch([event().SerializeToString()])
        assert before.wait_for_mark(1) == 1


def test_pings_of_a_peer_that_does_not_read(collector, peer):
    peer.hello()
    before = collector.resident_bytes()
    with pytest.raises((Ended, TimeoutError)):
        for _ in range(2000):
            peer.send(frame(PING, b"\x08\x01") * 5000)
    assert collector.resident_bytes() < before + 64 * MEBIBYTE  # of the 140 that were sent; a sanitizer keeps what is freed


@pytest.mark.parametrize("first, following", [(2**63 - 1, 2**63 - 1), (1, 2**63 - 1), (2**63 - 3, 2**63 - 1)],
                         ids=["none left", "all left", "two left"])
def test_numbers_at_their_end(peer, first, following):
    welcome = peer.hello(first, following)
    assert welcome.marks[0].mark == first - 1
    peer.batch([event().SerializeToString()] * 2, first_seq=first)
    if first == following:
        assert peer.goodbye_code() == PROTOCOL
    else:
        assert peer.wait_for_mark(first + 1) == first + 1


# ---- What is in its events

def wrong_events():
    Event = schema("event").Event
    good = event().SerializeToString()
    yield "risk_score", event(risk_score=1).SerializeToString()
    yield "type_uid", event(type_uid=300201).SerializeToString()
    yield "anomaly_analyses", event(anomaly_analyses=[{}]).SerializeToString()
    yield "unknown field", good + b"\xfa\x7f\x00"
    yield "wrong wire type", good + struct.pack("<Bd", 1 << 3 | 1, 1.0)
    yield "bad utf-8", good + b"\x7a\x02\xc3\x28"
    yield "NUL in a string", event(message="a\0b").SerializeToString()
    yield "cut short", event(message="abc").SerializeToString()[:-1]
    yield "no protobuf", b"\xff\xff\xff\xff"
    yield "no time", Event(class_uid=3002, activity_id=1).SerializeToString()
    yield "nested too deep", good + b"\x42\x7e" + b"\x0a\x7c" + b"\x0a" * 124


@pytest.mark.tsan
def test_refused_events_are_dead_letters(fleet, peer):
    """Refused with a reason, acknowledged, and the good ones around them go through; a GAP keeps each one's number."""
    cases = list(wrong_events())
    peer.hello(1, 1 + 2 * len(cases))
    for number, (_, wrong) in enumerate(cases):
        peer.batch([event(message=f"good {number}").SerializeToString(), wrong], first_seq=1 + 2 * number)
    assert peer.wait_for_mark(2 * len(cases)) == 2 * len(cases)
    with fleet.events() as events:
        published = events.read(2 * len(cases))
    assert [record.sequence for record in published] == list(range(1, 1 + 2 * len(cases)))
    assert [record.event.message for record in published[::2]] == [f"good {number}" for number in range(len(cases))]
    for record in published[1::2]:
        assert record.event.metadata.event_code == "GAP"
        assert record.event.unmapped["gap.reason"] == "refused"
        assert record.event.unmapped["gap.from"] == record.event.unmapped["gap.to"] == str(record.sequence)
    refused = {}
    with fleet.dead_letters() as letters:
        for raw in letters.read_raw(len(cases)):
            refused[raw.value] = dict(raw.headers)
    for kind, wrong in cases:
        assert refused[wrong]["reason"], kind
        assert refused[wrong]["tenant_uid"] == b"north"


def test_what_an_event_says_of_its_host_is_overwritten(fleet, peer):
    lie = event(metadata={"tenant_uid": "south", "uid": "mine", "sequence": 99}, device={"hostname": "db-1", "uid": "x"})
    peer.hello(1, 2)
    peer.batch([lie.SerializeToString()])
    peer.wait_for_mark(1)
    with fleet.events() as events:
        [record] = events.read(1)
    assert record.host == ("north", "web-1")
    assert record.key == "north/web-1"
    assert record.sequence == 1
    assert record.event.metadata.uid == f"{peer.stream.hex()}-1"
