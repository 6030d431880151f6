"""Links that can be harmed: small TCP proxies that forward, cut, hold, slow down, and keep back a Kafka transaction's end.

All links of a run live in one thread with one loop. Harm is set from other threads; it takes effect at the next bytes.
"""
import asyncio
import struct
import threading
import time
from dataclasses import dataclass, field

CHUNK_BYTES = 64 * 1024
END_TXN = 26


@dataclass
class Harm:
    """What a link does to its bytes just now."""
    cut: bool = False
    held: bool = False
    delay_s: float = 0.0
    bytes_per_s: int = 0
    late_end_s: float = 0.0  # the next EndTxn is delivered so late, after its connection was cut


@dataclass
class Link:
    """One listening port and where it leads."""
    upstream: tuple
    port: int = 0
    harm: Harm = field(default_factory=Harm)
    pairs: set = field(default_factory=set)
    late: list = field(default_factory=list)  # what the broker answered to late EndTxns: 0 is "decided"


class Links:
    """The thread that runs the links of a world."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="links", daemon=True)
        self.thread.start()

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def open(self, port, upstream_port):
        """A link from 127.0.0.1:port to 127.0.0.1:upstream_port."""
        link = Link(("127.0.0.1", upstream_port), port)
        self._run(self._listen(link))
        return link

    async def _listen(self, link):
        async def serve(reader, writer):
            await _serve(link, reader, writer)
        await asyncio.start_server(serve, "127.0.0.1", link.port)

    def set(self, link, **harm):
        """Sets the link's harm; what is not named ends. Cutting closes what is open."""
        link.harm = Harm(**harm)
        if link.harm.cut:
            self._run(_abort(link))

    def close(self):
        self._run(_end_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)


async def _end_tasks():
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _abort(link):
    for writer in list(link.pairs):
        writer.transport.abort()


async def _serve(link, reader, writer):
    if link.harm.cut:
        writer.transport.abort()
        return
    try:
        upstream_reader, upstream = await asyncio.open_connection(*link.upstream)
    except OSError:
        writer.transport.abort()
        return
    link.pairs |= {writer, upstream}
    back = asyncio.ensure_future(_pump(link, upstream_reader, writer))
    try:
        await _forward(link, reader, writer, upstream_reader, upstream, back)
    finally:
        link.pairs -= {writer, upstream}
        back.cancel()
        writer.close()
        upstream.close()


async def _hurt(link, count):
    while link.harm.held:
        await asyncio.sleep(0.02)
    if link.harm.delay_s:
        await asyncio.sleep(link.harm.delay_s)
    if link.harm.bytes_per_s:
        await asyncio.sleep(count / link.harm.bytes_per_s)


async def _pump(link, reader, writer):
    """One direction, until its end; the other one then ends as well."""
    try:
        while data := await reader.read(CHUNK_BYTES):
            await _hurt(link, len(data))
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def _forward(link, reader, writer, upstream_reader, upstream, back):
    """Towards the server; while a late EndTxn is wanted, by whole requests, so that one can be taken out."""
    try:
        while data := await reader.read(CHUNK_BYTES):
            await _hurt(link, len(data))
            if link.harm.late_end_s and is_end_txn(data):
                await _deliver_late(link, data, writer, upstream_reader, upstream, back)
                return
            upstream.write(data)
            await upstream.drain()
    except OSError:
        pass


def is_end_txn(data):
    """Whether these bytes are one whole request that commits a transaction: a client waits for its answer, and so it
    comes alone but for what is pipelined behind other requests, which then is left for the next one."""
    return len(data) >= 8 and struct.unpack_from(">ih", data) == (len(data) - 4, END_TXN)


async def _deliver_late(link, frame, writer, upstream_reader, upstream, back):
    """KAFKA-17754: the client believes its request lost with the connection, and it reaches the broker all the same."""
    late_s, link.harm.late_end_s = link.harm.late_end_s, 0.0
    back.cancel()
    await asyncio.sleep(0)
    writer.transport.abort()
    await asyncio.sleep(late_s)
    upstream.write(frame)
    await upstream.drain()
    correlation = frame[8:12]
    end = time.monotonic() + 10
    while time.monotonic() < end:
        size = struct.unpack(">i", await asyncio.wait_for(upstream_reader.readexactly(4), 10))[0]
        answer = await asyncio.wait_for(upstream_reader.readexactly(size), 10)
        if answer[:4] == correlation:
            link.late.append(struct.unpack_from(">h", answer, 8)[0])
            return
