"""The events of the enterprise as its agents would send them: OCSF, one JSON object a line, in order of time."""
import json
from contextlib import contextmanager
from dataclasses import dataclass

TENANT = "acme"
LOGIN, PROCESS, FILE, FLOW, ACCOUNT, GROUP, SESSION, LINE = 3002, 1007, 1001, 4001, 3001, 3006, 3003, 0
PROVIDERS = {LOGIN: "sshd", PROCESS: "proc", FILE: "fanotify", FLOW: "conntrack", ACCOUNT: "useradd", GROUP: "usermod",
             SESSION: "sudo", LINE: "systemd"}
SUCCESS, FAILURE = 1, 2
WRITE, DELETE, RENAME = 3, 4, 5
OPEN, REFUSE = 1, 5


@dataclass
class Entry:
    """One event: when, what kind, of whom, and of which attack ('' for none)."""
    seconds: float
    kind: tuple  # class, activity, status
    host: str
    source: str
    attack: str
    fields: dict
    episode: str = ""  # of benign events: what rare thing they are of, '' for everyday


class Journal:
    """Takes events in any order. Whatever is said while `attack` or `episode` is set belongs to it."""

    def __init__(self):
        self.entries, self.attack, self.episode, self.muted = [], "", "", []

    @contextmanager
    def of(self, episode):
        self.episode = episode
        yield
        self.episode = ""

    def add(self, seconds, host, kind, source="", **fields):
        self.entries.append(Entry(seconds, kind, host, source, self.attack, fields, self.episode))

    # --- What sshd, login and PAM say: core/parse

    def login(self, seconds, host, user, source="", ok=True):
        """The line that counts, and those around it: over the network by sshd, else at the screen."""
        who = {"user": {"name": user}, "is_remote": bool(source)}
        if source:
            who["src_endpoint"] = {"ip": source}
        self.add(seconds, host, (LOGIN, 1, SUCCESS if ok else FAILURE), source, **who)
        opened = "session opened" if ok else "connection closed"
        self.add(seconds + 0.1, host, (LOGIN, 99, 0), source, status_detail=opened, **who)

    def logout(self, seconds, host, user):
        self.add(seconds, host, (LOGIN, 2, SUCCESS), user={"name": user})

    def authorize(self, seconds, host, user, command):
        """sudo, as who may."""
        self.add(seconds, host, (SESSION, 1, SUCCESS), user={"name": user}, privileges=["root"],
                 message=f"{user} : TTY=pts/0 ; USER=root ; COMMAND={command}")

    def account(self, seconds, host, user, activity=1):
        self.add(seconds, host, (ACCOUNT, activity, SUCCESS), user={"name": user})

    def membership(self, seconds, host, user, group):
        self.add(seconds, host, (GROUP, 3, SUCCESS), user={"name": user}, group={"name": group})

    def line(self, seconds, host, text):
        """A line that no parser understands."""
        self.add(seconds, host, (LINE, 0, 0), message=text)

    # --- What the kernel says

    def process(self, seconds, host, user, path, parent, command=""):
        name = path.rsplit("/", 1)[-1]
        self.add(seconds, host, (PROCESS, 1, SUCCESS),
                 process={"name": name[:15], "file": {"path": path, "name": name}, "cmd_line": command or path,
                          "user": {"name": user}, "parent_process": {"name": parent[:15]}},
                 actor={"user": {"name": user}, "process": {"name": parent[:15]}})

    def file(self, seconds, host, user, path, program, activity=WRITE):
        name = program.rsplit("/", 1)[-1]
        self.add(seconds, host, (FILE, activity, SUCCESS), file={"path": path, "name": path.rsplit("/", 1)[-1]},
                 process={"name": name, "file": {"path": program}}, actor={"user": {"name": user}})

    def flow(self, seconds, host, source, destination, port, activity=OPEN):
        self.add(seconds, host, (FLOW, activity, FAILURE if activity == REFUSE else SUCCESS), source,
                 src_endpoint={"ip": source}, dst_endpoint={"ip": destination, "port": port})

    # --- In order

    def mute(self, host, begin, end):
        """Nothing of that host arrives."""
        self.entries = [e for e in self.entries if e.host != host or not begin <= e.seconds < end]
        self.muted.append((host, begin, end))

    def sort(self):
        self.entries.sort(key=lambda e: e.seconds)


def line_of(entry, number):
    """The JSON of an entry; its uid is its number."""
    class_uid, activity, status = entry.kind
    event = {"class_uid": class_uid, "activity_id": activity, "severity_id": 1, "status_id": status,
             "time": int(entry.seconds * 1000),
             "metadata": {"uid": str(number), "version": "1.8.0", "tenant_uid": TENANT,
                          "log_provider": PROVIDERS[class_uid], "product": {"name": "vedette"}},
             "device": {"uid": entry.host, "hostname": entry.host}}
    if class_uid == LINE:
        del event["class_uid"], event["activity_id"], event["status_id"]
    elif status == 0:
        del event["status_id"]
    event.update(entry.fields)
    return json.dumps(event, separators=(",", ":"))
