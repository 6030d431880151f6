"""A real Apache Kafka for tests: one KRaft node or a few on loopback that can be stopped, killed, paused and brought back."""
import base64
import os
import signal
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from .ports import free_port
from .waiting import port_open, wait_for

ROOT = Path(__file__).resolve().parents[2]
LIBS = ROOT / "build/kafka/libs"
# Small heap, quick start: the compiler that optimises would cost more than it brings in a test of seconds.
JAVA = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{LIBS}/*"]
START_S, STOP_S, IN_SYNC_S = 60, 30, 60

PROPERTIES = """\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}{doors}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised_doors}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT{door_protocols}
inter.broker.listener.name=PLAINTEXT
log.dirs={folder}/log
auto.create.topics.enable=false
default.replication.factor={replicas}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
log.index.size.max.bytes=1048576
"""


def fetch_kafka():
    """Brings the broker's jars, once a checkout."""
    subprocess.run([ROOT / "tests/support/kafka/fetch"], check=True)


@dataclass
class Seat:
    """A broker's place in a cluster, each member of which is a controller as well, and may be lost."""
    node: int
    cluster: str
    controller_ports: list

    @staticmethod
    def of_cluster(count):
        """The seats of a new cluster."""
        cluster = base64.urlsafe_b64encode(b"\0" + uuid.uuid4().bytes[1:]).decode().rstrip("=")
        ports = [free_port() for _ in range(count)]
        return [Seat(node, cluster, ports) for node in range(1, count + 1)]

    @property
    def count(self):
        return len(self.controller_ports)

    @property
    def replicas(self):
        return min(self.count, 3)

    def settings(self):
        return {"node": self.node, "controller_port": self.controller_ports[self.node - 1], "replicas": self.replicas,
                "in_sync": max(1, self.replicas - 1),
                "voters": ",".join(f"{node}@127.0.0.1:{port}" for node, port in enumerate(self.controller_ports, 1))}


class KafkaServer:
    """A broker in `folder`: settings, log directory and server.log stay there across stop and start.

    advertised: name of a further listener → the port that its clients are told, which is somebody's who passes their
    bytes on to doors[name]: so each client can have a link of its own to be harmed.
    seat: its place among others; without one it is alone.
    """

    def __init__(self, folder, advertised=None, seat=None):
        fetch_kafka()
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.log = self.folder / "server.log"
        self.process = None
        self.seat = seat or Seat.of_cluster(1)[0]
        self._settings = self.folder / "server.properties"
        advertised = advertised or {}
        self.doors = {name: free_port() for name in advertised}
        self._settings.write_text(PROPERTIES.format(
            port=self.port, folder=self.folder, **self.seat.settings(),
            doors="".join(f",{name}://127.0.0.1:{port}" for name, port in self.doors.items()),
            advertised_doors="".join(f",{name}://127.0.0.1:{port}" for name, port in advertised.items()),
            door_protocols="".join(f",{name}:PLAINTEXT" for name in advertised)))
        with self.log.open("ab") as log:
            subprocess.run([*JAVA, "kafka.tools.StorageTool", "format", "-t", self.seat.cluster, "-c", self._settings],
                           stdout=log, stderr=log, check=True)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def start(self):
        """Starts it, on the same ports as ever, and returns once it answers a metadata request, and knows all others."""
        self.launch()
        self.wait_started()

    def launch(self):
        """Starts it without waiting: members of a cluster answer when most of them are there."""
        assert not self.running
        # A broker does not outlive the tests, however they end.
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *JAVA, "kafka.Kafka", self._settings],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def wait_started(self):
        wait_for(self._answers, START_S, f"Kafka to answer, see {self.log}", pause_s=0.2)

    def _answers(self):
        assert self.running, f"Kafka ended with {self.process.returncode}, see {self.log}"
        if not port_open(self.port):
            return False
        try:
            admin = self._admin()
        except KafkaError:
            return False
        try:
            return len(admin.describe_cluster()["brokers"]) == self.seat.count
        except KafkaError:
            return False
        finally:
            admin.close()

    def stop(self):
        """An orderly end, as an operator's restart."""
        self._end(signal.SIGTERM)

    def kill(self):
        """kill -9: what the broker had not written is gone."""
        self._end(signal.SIGKILL)

    def _end(self, how):
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def pause(self):
        """Stands still with its connections open, as a machine that swaps or a disk that hangs."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def close(self):
        """For good; whatever state it is in."""
        if self.running:
            self.process.kill()
            self.process.wait()

    def _admin(self):
        return KafkaAdminClient(bootstrap_servers=self.address, client_id="vedette-test", request_timeout_ms=15000)

    def create_topic(self, name, partitions=1, **settings):
        """Topic settings as keywords, with _ for the dots of their names: retention_ms=1000."""
        configs = {key.replace("_", "."): str(value) for key, value in settings.items()}
        admin = self._admin()
        try:
            admin.create_topics([NewTopic(name, partitions, self.seat.replicas, topic_configs=configs)])
        finally:
            admin.close()

    def topics(self):
        """Name → number of partitions, of all but Kafka's own."""
        admin = self._admin()
        try:
            return {topic["topic"]: len(topic["partitions"]) for topic in admin.describe_topics()
                    if not topic["is_internal"]}
        finally:
            admin.close()

    def all_in_sync(self):
        """Whether each partition, Kafka's own too, has all its replicas, so that any broker may be lost."""
        try:
            admin = self._admin()
        except KafkaError:
            return False
        try:
            return all(len(partition["isr"]) == len(partition["replicas"])
                       for topic in admin.describe_topics() for partition in topic["partitions"])
        except KafkaError:
            return False
        finally:
            admin.close()


class KafkaCluster:
    """Brokers that replicate each other's topics, where there are three; one is as a KafkaServer by itself.

    advertised: as KafkaServer's, with a port a broker.
    """

    def __init__(self, folder, count=1, advertised=None):
        folders = [Path(folder)] if count == 1 else [Path(folder) / str(number + 1) for number in range(count)]
        self.brokers = [KafkaServer(folders[at], {name: ports[at] for name, ports in (advertised or {}).items()}, seat)
                        for at, seat in enumerate(Seat.of_cluster(count))]
        self.address = ",".join(broker.address for broker in self.brokers)
        self.replicas = self.brokers[0].seat.replicas

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        for broker in self.brokers:
            broker.launch()
        for broker in self.brokers:
            broker.wait_started()

    def wait_in_sync(self):
        """Until another broker may be lost."""
        if self.replicas > 1:
            wait_for(self.brokers[0].all_in_sync, IN_SYNC_S, "all replicas to be in sync", pause_s=0.2)

    def close(self):
        for broker in self.brokers:
            broker.close()
