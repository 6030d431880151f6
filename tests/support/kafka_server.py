"""A real Apache Kafka for tests: one KRaft node on loopback that can be stopped, killed, paused and brought back."""
import base64
import os
import signal
import subprocess
import uuid
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
START_S, STOP_S = 60, 30

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}{doors}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised_doors}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT{door_protocols}
inter.broker.listener.name=PLAINTEXT
log.dirs={folder}/log
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
log.index.size.max.bytes=1048576
"""


def fetch_kafka():
    """Brings the broker's jars, once a checkout."""
    subprocess.run([ROOT / "tests/support/kafka/fetch"], check=True)


class KafkaServer:
    """A broker in `folder`: settings, log directory and server.log stay there across stop and start.

    advertised: name of a further listener → the port that its clients are told, which is somebody's who passes their
    bytes on to doors[name]: so each client can have a link of its own to be harmed.
    """

    def __init__(self, folder, advertised=None):
        fetch_kafka()
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.log = self.folder / "server.log"
        self.process = None
        self._settings = self.folder / "server.properties"
        advertised = advertised or {}
        self.doors = {name: free_port() for name in advertised}
        self._settings.write_text(PROPERTIES.format(
            port=self.port, controller_port=free_port(), folder=self.folder,
            doors="".join(f",{name}://127.0.0.1:{port}" for name, port in self.doors.items()),
            advertised_doors="".join(f",{name}://127.0.0.1:{port}" for name, port in advertised.items()),
            door_protocols="".join(f",{name}:PLAINTEXT" for name in advertised)))
        cluster = base64.urlsafe_b64encode(b"\0" + uuid.uuid4().bytes[1:]).decode().rstrip("=")
        with self.log.open("ab") as log:
            subprocess.run([*JAVA, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", self._settings],
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
        """Starts it, on the same ports as ever, and returns once it answers a metadata request."""
        assert not self.running
        # A broker does not outlive the tests, however they end.
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *JAVA, "kafka.Kafka", self._settings],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
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
            return len(admin.describe_cluster()["brokers"]) == 1
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
            admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])
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
