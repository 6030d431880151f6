"""A peer that speaks the session protocol by hand, from PROTOCOL.md alone, so that it can also speak it wrong."""
import os
import socket
import ssl
import struct

import lz4.block

from .schema import schema

session = schema("session")

HEADER = struct.Struct(">BBHII")  # version, type, flags, stored bytes, raw bytes
LZ4 = 1
ALPN = "vedette/1"
HELLO, WELCOME, BATCH, ACK, PING, PONG, GO_TO, GOODBYE = range(1, 9)


def frame(kind, payload, version=1, compress=False):
    """A whole frame, in order; compressed only if that makes it smaller."""
    stored = lz4.block.compress(payload, store_size=False) if compress else payload
    if len(stored) >= len(payload):
        return HEADER.pack(version, kind, 0, len(payload), len(payload)) + payload
    return HEADER.pack(version, kind, LZ4, len(stored), len(payload)) + stored


class Ended(Exception):
    """The collector closed the connection."""


class Peer:
    """One connection to a collector, with the certificate given or with none."""

    def __init__(self, port, ca, certificate=None, key=None, protocol=ALPN, timeout_s=10):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False  # a collector is known by its URI name
        context.load_verify_locations(ca)
        if protocol:
            context.set_alpn_protocols([protocol])
        if certificate:
            context.load_cert_chain(certificate, key)
        raw = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        try:
            self.socket = context.wrap_socket(raw)
        except BaseException:
            raw.close()
            raise
        self.stream = os.urandom(16)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Any bytes at all."""
        try:
            self.socket.sendall(data)
        except (ConnectionError, ssl.SSLError) as error:
            raise Ended(str(error)) from error

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            try:
                piece = self.socket.recv(count - len(data))
            except TimeoutError:
                raise
            except (ConnectionError, ssl.SSLError) as error:
                raise Ended(str(error)) from error
            if not piece:
                raise Ended("end of the stream")
            data += piece
        return data

    def receive(self):
        """(type, message) of the next frame; raises Ended."""
        version, kind, flags, stored, raw = HEADER.unpack(self._exactly(HEADER.size))
        assert (version, flags, stored) == (1, 0, raw), "a collector sends small frames, uncompressed"
        names = {WELCOME: "Welcome", ACK: "Ack", PING: "Ping", PONG: "Pong", GO_TO: "GoTo", GOODBYE: "Goodbye"}
        return kind, getattr(session, names[kind]).FromString(self._exactly(stored))

    def receive_until(self, wanted):
        """The next message of that type; others are passed over."""
        while True:
            kind, message = self.receive()
            if kind == wanted:
                return message

    def hello(self, first=1, following=1, versions=(1, 1)):
        """Introduces one stream; returns the Welcome."""
        offer = session.StreamOffer(stream=self.stream, first=first, next=following)
        hello = session.Hello(version_min=versions[0], version_max=versions[1], agent_version="test",
                                 streams=[offer])
        self.send(frame(HELLO, hello.SerializeToString()))
        return self.receive_until(WELCOME)

    def batch(self, events, first_seq=1, compress=True, **head):
        """Sends serialized events, numbered from first_seq. head: lost, chain, next."""
        batch = session.Batch(stream=0, first_seq=first_seq, events=events, **head)
        self.send(frame(BATCH, batch.SerializeToString(), compress=compress))

    def wait_for_mark(self, mark):
        """Reads ACKs until the stream's mark is there."""
        while True:
            for moved in self.receive_until(ACK).marks:
                if moved.mark >= mark:
                    return moved.mark

    def goodbye_code(self):
        """The code of the collector's GOODBYE; whatever else comes before it is passed over."""
        return self.receive_until(GOODBYE).code
