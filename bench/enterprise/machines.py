"""What machines do by themselves: daemons, cron, backups, patch nights, a broken job, a stale password, and the internet's noise."""
from .journal import DELETE, REFUSE, RENAME
from .world import DAY, HOUR, MINUTE, midnight, poisson

PACKAGES = ["openssl", "libc6", "curl", "vim", "systemd", "python3", "nginx", "postgresql", "tzdata", "bash", "sudo", "linux-image"]
NAMES = ["root", "admin", "test", "oracle", "ubuntu", "postgres", "git", "user", "pi", "guest", "ftp", "www"]
PATCH_DAY = 8  # the second Tuesday


def daemons(journal, rng, world, host, day):
    """cron every five minutes and every hour, a line of the journal, questions to the database."""
    begin, own = midnight(day), world.address[host]
    for i in range(DAY // (5 * MINUTE)):
        journal.process(begin + i * 300 + rng.uniform(0, 2), host, "root", "/usr/lib/sysstat/sa1", "cron")
    for i in range(24):
        when = begin + i * HOUR + 17 * MINUTE
        journal.process(when, host, "root", "/usr/bin/run-parts", "cron")
        journal.line(when + 1, host, "Started hourly jobs.")
        journal.file(when + 2, host, "root", "/var/lib/sysstat/sa", "/usr/lib/sysstat/sa1")
    if host.startswith(("web", "app")):
        for hour in range(24):
            for _ in range(poisson(rng, 90 if 7 <= hour <= 19 else 25)):
                journal.flow(begin + (hour + rng.random()) * HOUR, host, own, world.address["db-1"], 5432)
    for _ in range(poisson(rng, 60)):
        journal.line(begin + rng.random() * DAY, host, "Reached target timers.")


def night(journal, rng, world, host, day):
    """Logs are rotated at midnight; at two the backup runs, and cleans up after itself on Sundays."""
    when = midnight(day) + rng.uniform(1, 20)
    journal.process(when, host, "root", "/usr/sbin/logrotate", "cron")
    for i in range(rng.randint(5, 12)):
        for activity in (RENAME, DELETE, 3):
            journal.file(when + 1, host, "root", f"/var/log/log{i}.{rng.randint(1, 7)}.gz", "/usr/sbin/logrotate", activity)
    when = midnight(day) + 2 * HOUR + rng.uniform(0, 600)
    journal.process(when, host, "backup", "/usr/bin/restic", "cron")
    journal.login(when + 3, "files-1", "backup", world.address[host])
    journal.flow(when + 2, host, world.address[host], world.address["files-1"], 22)
    for i in range(poisson(rng, 60)):
        journal.file(when + 5 + i, "files-1", "backup", f"/srv/backup/{host}/{rng.randrange(256):02x}/{i}", "/usr/bin/restic")
    if day % 7 == 6:
        for i in range(poisson(rng, 80)):
            journal.file(when + 3 * HOUR + i / 5, host, "root", f"/tmp/old{i}", "/usr/bin/systemd-tmpfiles", DELETE)


def patch(journal, rng, when, host, packages):
    journal.process(when, host, "root", "/usr/bin/apt-get", "unattended-upgr")
    for package in packages:
        journal.process(when + 5, host, "root", "/usr/bin/dpkg", "apt-get")
        for i in range(poisson(rng, 12)):
            journal.file(when + 6, host, "root", f"/usr/lib/{package}/{i}", "/usr/bin/dpkg")
        journal.process(when + 8, host, "root", "/usr/bin/systemctl", "dpkg")
        journal.file(when + 8, host, "root", f"/usr/lib/systemd/system/{package}.service", "/usr/bin/dpkg")
        when += rng.uniform(3, 30)


def updates(journal, rng, world, day):
    """A few packages here and there; on the patch night all servers, and the desks in the morning after."""
    for host in world.servers:
        if day == PATCH_DAY:
            with journal.of("patch night"):
                patch(journal, rng, midnight(day) + 22 * HOUR + rng.uniform(0, HOUR), host, rng.choices(PACKAGES, k=40))
        elif rng.random() < 0.2:
            patch(journal, rng, midnight(day) + 6 * HOUR + rng.uniform(0, HOUR), host, rng.sample(PACKAGES, 2))
    for person in world.people:
        if day == PATCH_DAY + 1 and person.at_work(day):
            with journal.of("patch night"):
                patch(journal, rng, midnight(day) + (person.begin + rng.uniform(0.5, 2)) * HOUR, person.desk,
                      rng.choices(PACKAGES, k=25))


def monitoring(journal, rng, world, day):
    """A look at every server every five minutes; an inventory of all ports on Sunday mornings."""
    if "mon-1" not in world.servers:
        return
    own = world.address["mon-1"]
    for i in range(DAY // (5 * MINUTE)):
        for host in world.servers:
            journal.flow(midnight(day) + i * 300 + rng.uniform(0, 20), "mon-1", own, world.address[host], 9100)
    if day % 7 == 6:
        with journal.of("inventory of ports"):
            inventory(journal, rng, world, day)


def inventory(journal, rng, world, day):
    for port in range(20, 60):
        for host in world.servers:
            journal.flow(midnight(day) + 4 * HOUR + port * 10 + rng.random(), "mon-1", world.address["mon-1"],
                         world.address[host], port)


def internet(journal, rng, world, day):
    """What the whole internet gets: refused packets, and guesses that are banned after five."""
    gate = "gate-1" if "gate-1" in world.servers else world.servers[-1]
    for _ in range(poisson(rng, 500)):
        journal.flow(midnight(day) + rng.random() * DAY, gate, world.stranger(rng), world.address[gate],
                     rng.choice((22, 23, 80, 445, 3389, 8080)), REFUSE)
    for _ in range(poisson(rng, 40)):
        when, source = midnight(day) + rng.random() * DAY, world.stranger(rng)
        for _ in range(rng.randint(1, 5)):
            journal.login(when, gate, rng.choice(NAMES), source, ok=False)
            when += rng.uniform(2, 60)


def broken_job(journal, rng, world):
    """A job whose password was changed fails every two minutes, for a day and a half."""
    when = midnight(rng.randint(2, max(2, world.days - 3))) + rng.uniform(0, DAY)
    end, source = when + 1.5 * DAY, world.address["web-2"]
    while when < end:
        journal.process(when, "web-2", "sync", "/usr/bin/rsync", "cron")
        journal.login(when + 1, "db-1", "sync", source, ok=False)
        when += 2 * MINUTE


def stale_telephone(journal, rng, world):
    """Somebody's telephone does not know the new password, until it is told so in the evening."""
    person = rng.choice(world.people[:-1])
    when = midnight(rng.randint(1, world.days - 1)) + 9 * HOUR
    end = when + 9 * HOUR
    while when < end:
        journal.login(when, "mail-1", person.name, "10.3.0.77", ok=False)
        when += rng.uniform(5, 15) * MINUTE


def all_machines(journal, seed_of, world):
    for day in range(world.days):
        for host in world.servers:
            rng = seed_of(f"{host} on day {day}")
            daemons(journal, rng, world, host, day)
            night(journal, rng, world, host, day)
        rng = seed_of(f"day {day}")
        updates(journal, rng, world, day)
        monitoring(journal, rng, world, day)
        internet(journal, rng, world, day)
    with journal.of("broken cron job"):
        broken_job(journal, seed_of("broken job"), world)
    with journal.of("stale password"):
        stale_telephone(journal, seed_of("telephone"), world)
