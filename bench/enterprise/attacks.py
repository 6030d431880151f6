"""Scripted attacks, one of each a run, at times and places that the seed decides. What each does is told by ATT&CK's number."""
from .journal import DELETE, RENAME
from .world import DAY, HOUR, MINUTE, midnight

LEARNING_DAYS = 5  # none before


def somebody(rng, world):
    return rng.choice([p for p in world.people if p.role != "admin" and p is not world.newcomer])


def gate_of(world):
    return "gate-1" if "gate-1" in world.servers else world.servers[-1]


def brute_force(journal, rng, world, when):
    """T1110.001: one account, some hundred passwords."""
    source, person = world.stranger(rng), rng.choice(world.people)
    for _ in range(rng.randint(100, 400)):
        journal.login(when, gate_of(world), person.name, source, ok=False)
        when += rng.uniform(1, 4)


def spraying(journal, rng, world, when):
    """T1110.003: one password for everybody, within half an hour; it fits once."""
    source = world.stranger(rng)
    for person in rng.sample(world.people, len(world.people)):
        journal.login(when, gate_of(world), person.name, source, ok=False)
        when += rng.uniform(20, 140)
    journal.login(when, gate_of(world), rng.choice(world.people).name, source)


def low_and_slow(journal, rng, world, when):
    """T1110.003: a try each half an hour or so, for two days."""
    source, end = world.stranger(rng), when + 2 * DAY
    while when < end:
        journal.login(when, gate_of(world), rng.choice(world.people).name, source, ok=False)
        when += rng.expovariate(1 / (35 * MINUTE))


def lateral_movement(journal, rng, world, when):
    """T1021.004: from somebody's desk over ssh to one server after the other, looking around on each (T1033, T1082)."""
    person = somebody(rng, world)
    for host in rng.sample(world.servers, min(len(world.servers), rng.randint(4, 7))):
        journal.flow(when, person.desk, person.ip, world.address[host], 22)
        if rng.random() < 0.4:
            journal.login(when + 1, host, person.name, person.ip, ok=False)
        journal.login(when + 5, host, person.name, person.ip)
        journal.process(when + 6, host, person.name, "/usr/bin/bash", "sshd")
        for tool in ("id", "uname", "w", "last", "ip", "find", "getent"):
            when += rng.expovariate(1 / 8)
            journal.process(when + 7, host, person.name, f"/usr/bin/{tool}", "bash")
        when += rng.uniform(120, 600)


def privilege_escalation(journal, rng, world, when):
    """T1068, T1548.003: sudo tried in vain, then an exploit of one's own making that ends in a shell of root's."""
    person = somebody(rng, world)
    for i in range(3):
        journal.login(when + 5 * i, person.desk, person.name, ok=False)
    when += 5 * MINUTE
    journal.process(when, person.desk, person.name, "/usr/bin/gcc", "bash")
    journal.file(when + 1, person.desk, person.name, "/tmp/.x/run", "/usr/bin/gcc")
    journal.process(when + 9, person.desk, person.name, "/tmp/.x/run", "bash")
    journal.process(when + 10, person.desk, "root", "/usr/bin/pkexec", "run")
    journal.process(when + 11, person.desk, "root", "/usr/bin/sh", "pkexec")
    for tool in ("id", "cat", "chmod"):
        when += rng.uniform(3, 20)
        journal.process(when + 11, person.desk, "root", f"/usr/bin/{tool}", "sh")
    journal.authorize(when + 60, person.desk, person.name, "/usr/bin/bash")


def persistence_by_unit(journal, rng, world, when):
    """T1543.002: a new service."""
    host = rng.choice(world.servers)
    journal.process(when, host, "root", "/usr/bin/curl", "sh")
    journal.file(when + 1, host, "root", "/usr/local/sbin/.upd", "/usr/bin/curl")
    journal.file(when + 5, host, "root", "/etc/systemd/system/dbus-upd.service", "/usr/bin/tee")
    journal.process(when + 5, host, "root", "/usr/bin/tee", "sh")
    for verb in ("daemon-reload", "enable", "start"):
        when += 2
        journal.process(when + 5, host, "root", "/usr/bin/systemctl", "sh", f"systemctl {verb} dbus-upd")
    journal.process(when + 8, host, "root", "/usr/local/sbin/.upd", "systemd")


def persistence_by_cron(journal, rng, world, when):
    """T1053.003: a new line in somebody's crontab, which runs from then on."""
    host = rng.choice(world.servers)
    journal.process(when, host, "root", "/usr/bin/crontab", "sh")
    journal.file(when + 1, host, "root", "/var/spool/cron/crontabs/root", "/usr/bin/crontab")
    journal.line(when + 1, host, "(root) REPLACE (root)")
    for i in range(1, 7):
        journal.process(when + i * 10 * MINUTE, host, "root", "/dev/shm/.cache", "cron")


def persistence_by_account(journal, rng, world, when):
    """T1136.001, T1098: a new account that may all."""
    host = rng.choice(world.servers)
    journal.process(when, host, "root", "/usr/sbin/useradd", "sh")
    journal.account(when + 1, host, "support0")
    journal.process(when + 8, host, "root", "/usr/sbin/usermod", "sh")
    journal.membership(when + 9, host, "support0", "sudo")
    journal.account(when + 15, host, "support0", activity=3)


def log_wiping(journal, rng, world, when):
    """T1070.002: what tells of it goes."""
    host = rng.choice(world.servers)
    for name in ("auth.log", "syslog", "wtmp", "btmp", "lastlog", "kern.log", "audit/audit.log", "journal/system.journal"):
        journal.process(when, host, "root", "/usr/bin/shred", "bash")
        journal.file(when + 0.4, host, "root", f"/var/log/{name}", "/usr/bin/shred")
        journal.file(when + 0.5, host, "root", f"/var/log/{name}", "/usr/bin/shred", DELETE)
        when += rng.uniform(0.5, 4)
    journal.file(when + 1, host, "root", "/root/.bash_history", "/usr/bin/rm", DELETE)
    journal.process(when + 1, host, "root", "/usr/bin/rm", "bash")


def beaconing(journal, rng, world, when):
    """T1071.001: a call home a minute, for a day."""
    host, home = rng.choice(world.servers), world.stranger(rng)
    end = when + DAY
    while when < end:
        journal.flow(when, host, world.address[host], home, 443)
        when += rng.gauss(60, 4)


def mass_changes(journal, rng, world, when):
    """T1486: files are written anew and renamed, some thousand of them."""
    host, person = rng.choice(("web-1", "db-1", "files-1")), somebody(rng, world)
    journal.process(when, host, person.name, "/tmp/enc", "bash")
    for i in range(rng.randint(1500, 4000)):
        path = f"/srv/share/dept{i % 23}/{i}.docx"
        journal.file(when, host, person.name, path, "/tmp/enc")
        journal.file(when + 0.05, host, person.name, path + ".locked", "/tmp/enc", RENAME)
        when += rng.expovariate(8)


def agent_silenced(journal, rng, world, when):
    """T1562.001: a server's agent is ended, and nobody starts it again for eight hours. No event tells; the silence does.

    A server that no other attack is about, which would not be seen."""
    attacked = {e.host for e in journal.entries if e.attack and when <= e.seconds < when + 8 * HOUR}
    journal.mute(rng.choice([s for s in world.servers if s not in attacked] or world.servers), when, when + 8 * HOUR)


ATTACKS = {
    "brute force": brute_force,
    "password spraying": spraying,
    "low-and-slow guessing": low_and_slow,
    "lateral movement by ssh": lateral_movement,
    "privilege escalation": privilege_escalation,
    "persistence by unit": persistence_by_unit,
    "persistence by cron": persistence_by_cron,
    "persistence by account": persistence_by_account,
    "log wiping": log_wiping,
    "beaconing": beaconing,
    "mass file changes": mass_changes,
    "agent silenced": agent_silenced,
}
NEEDS_ROOM = {"low-and-slow guessing": 2 * DAY, "beaconing": DAY, "agent silenced": 8 * HOUR}


def lay_in(journal, seed_of, world):
    """Gives the time that each began at. Silence comes last: it takes away what others have said."""
    began = {}
    for name, attack in ATTACKS.items():
        rng = seed_of(f"attack {name}")
        last = midnight(world.days) - NEEDS_ROOM.get(name, HOUR)
        began[name] = rng.uniform(midnight(min(LEARNING_DAYS, world.days // 2)), last)
        journal.attack = name
        attack(journal, rng, world, began[name])
    journal.attack = ""
    return began
