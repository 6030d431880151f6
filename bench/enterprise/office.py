"""What people do: come in, mistype a password, work in bouts, log in to servers, build, leave, and take a day off."""
from .journal import DELETE, RENAME
from .world import HOUR, MINUTE, is_workday, midnight, poisson, zipf

ADMIN_TOOLS = ["/usr/bin/systemctl", "/usr/bin/journalctl", "/usr/bin/vim", "/usr/bin/tail", "/usr/bin/less", "/usr/bin/df",
               "/usr/bin/ps", "/usr/bin/ss", "/usr/bin/grep", "/usr/bin/cat", "/usr/bin/htop", "/usr/bin/rsync"]
ADMIN_FILES = ["/etc/nginx/sites-enabled/shop.conf", "/etc/hosts", "/etc/ssh/sshd_config", "/etc/postfix/main.cf",
               "/srv/app/config.yaml", "/etc/systemd/system/app.service", "/etc/cron.d/reports"]


def log_in(journal, rng, when, host, person, source=""):
    """With the tries that went wrong; gives the time of the one that did not."""
    while rng.random() < person.typos:
        journal.login(when, host, person.name, source, ok=False)
        when += rng.uniform(2, 9)
    journal.login(when, host, person.name, source)
    return when


def browse(journal, rng, when, world, person):
    for _ in range(poisson(rng, 4)):
        site = zipf(rng, person.sites) if rng.random() < 0.96 else rng.choice(world.web)
        journal.flow(when, person.desk, person.ip, site, 443)
        when += rng.expovariate(0.5)
    if rng.random() < 0.5:
        journal.flow(when, person.desk, person.ip, world.address[rng.choice(world.servers[:4])], rng.choice((443, 445, 5432)))


def bout(journal, rng, when, world, person):
    """A minute or so of work: programs, files, the web."""
    parent = "bash" if person.role != "office" and rng.random() < 0.7 else "gnome-shell"
    for _ in range(1 + poisson(rng, 1.5)):
        program = zipf(rng, person.programs)
        journal.process(when, person.desk, person.name, program, parent)
        if rng.random() < 0.5:
            folder = zipf(rng, person.folders)
            journal.file(when + 1, person.desk, person.name, f"{folder}/{rng.randrange(500)}.dat", program)
        when += rng.expovariate(0.2)
    if rng.random() < 0.1:
        journal.file(when, person.desk, person.name, f"{person.folders[0]}/{rng.randrange(500)}.tmp", person.programs[0],
                     rng.choice((DELETE, RENAME)))
    browse(journal, rng, when, world, person)


def tidy_up(journal, rng, when, person):
    """An archive unpacked, a branch changed, pictures renamed: many files at once, and nothing wrong with it."""
    program = "/usr/bin/git" if person.role == "developer" else "/usr/bin/file-roller"
    activity = rng.choice((3, 3, DELETE, RENAME))
    folder = zipf(rng, person.folders)
    for i in range(int(rng.lognormvariate(5, 1))):
        journal.file(when, person.desk, person.name, f"{folder}/sub{i % 17}/{i}.dat", program, activity)
        when += rng.expovariate(20)


def compile_all(journal, rng, when, person):
    """make on the build server, over ssh."""
    begun = log_in(journal, rng, when, "build-1", person, person.ip)
    journal.process(begun + 2, "build-1", person.name, "/usr/bin/bash", "sshd")
    journal.process(begun + 20, "build-1", person.name, "/usr/bin/make", "bash")
    now = begun + 21
    for i in range(int(rng.lognormvariate(4, 0.8))):
        journal.process(now, "build-1", person.name, "/usr/bin/gcc", "make")
        journal.file(now + 0.5, "build-1", person.name, f"/home/{person.name}/src/{i}.o", "/usr/bin/gcc")
        now += rng.expovariate(2)
    journal.logout(now + rng.uniform(10, 900), "build-1", person.name)


def look_after(journal, rng, when, world, person):
    """An admin's visit to a server: tools, sudo, now and then a changed file and a restarted unit."""
    host = zipf(rng, world.servers)
    now = log_in(journal, rng, when, host, person, person.ip) + 1
    journal.flow(now - 1, person.desk, person.ip, world.address[host], 22)
    journal.process(now, host, person.name, "/usr/bin/bash", "sshd")
    for _ in range(1 + poisson(rng, 5)):
        now += rng.expovariate(1 / 30)
        tool = zipf(rng, ADMIN_TOOLS)
        if rng.random() < 0.3:
            journal.authorize(now, host, person.name, tool)
            journal.process(now + 0.1, host, "root", tool, "sudo")
        else:
            journal.process(now, host, person.name, tool, "bash")
    if rng.random() < 0.15:
        journal.file(now + 5, host, "root", rng.choice(ADMIN_FILES), "/usr/bin/vim")
        journal.authorize(now + 20, host, person.name, "/usr/bin/systemctl restart app")
        journal.process(now + 20, host, "root", "/usr/bin/systemctl", "sudo")
    journal.logout(now + 60, host, person.name)


def mail(journal, rng, begin, end, person):
    """The mail program asks for mail every quarter of an hour."""
    now = begin
    while now < end:
        journal.add(now, "mail-1", (3002, 1, 1), person.ip, user={"name": person.name}, src_endpoint={"ip": person.ip})
        now += rng.gauss(15 * MINUTE, 20)


def hourly(rng, begin, end, a_hour):
    for _ in range(poisson(rng, a_hour * max(0, end - begin) / HOUR)):
        yield rng.uniform(begin, end)


def workday(journal, rng, world, person, day):
    begin = midnight(day) + (person.begin + rng.gauss(0, 0.3)) * HOUR
    end = midnight(day) + (person.end + rng.gauss(0, 0.5)) * HOUR
    lunch = midnight(day) + rng.gauss(12.3, 0.3) * HOUR
    log_in(journal, rng, begin, person.desk, person)
    log_in(journal, rng, lunch + 45 * MINUTE, person.desk, person)
    for when in hourly(rng, begin, end, person.zeal):
        if not lunch < when < lunch + 45 * MINUTE:
            bout(journal, rng, when, world, person)
    with journal.of("many files at once"):
        for when in hourly(rng, begin, end, 0.05):
            tidy_up(journal, rng, when, person)
    mail(journal, rng, begin, end, person)
    if person.role == "admin":
        for when in hourly(rng, begin, end, 0.7):
            look_after(journal, rng, when, world, person)
    elif person.role == "developer":
        for when in hourly(rng, begin, end, 0.3):
            compile_all(journal, rng, when, person)
    if rng.random() < 0.02:
        journal.account(begin + HOUR, "mail-1", person.name, activity=3)
    journal.logout(end, person.desk, person.name)


def late_evening(journal, rng, world, person, day):
    begin = midnight(day) + rng.uniform(10 if not is_workday(day) else 19, 22) * HOUR
    log_in(journal, rng, begin, person.desk, person)
    for when in hourly(rng, begin, begin + 1.5 * HOUR, person.zeal):
        bout(journal, rng, when, world, person)
    journal.logout(begin + 1.6 * HOUR, person.desk, person.name)


def welcome(journal, rng, world, person):
    """A new employee: accounts in the morning, passwords that do not yet sit."""
    admin, when = world.of_role("admin")[0], midnight(person.joined) + 7.5 * HOUR
    for host in world.servers[2:5]:
        journal.login(when, host, admin.name, admin.ip)
        journal.authorize(when + 20, host, admin.name, f"/usr/sbin/useradd {person.name}")
        journal.process(when + 20, host, "root", "/usr/sbin/useradd", "sudo")
        journal.account(when + 21, host, person.name)
        journal.membership(when + 22, host, person.name, "staff")
        when += rng.uniform(60, 300)
    for i in range(4):
        journal.login(when + 3 * HOUR + 6 * i, "mail-1", person.name, person.ip, ok=False)


def people(journal, seed_of, world):
    for person in world.people:
        rng = seed_of(f"person {person.name}")
        for day in range(world.days):
            if person.at_work(day):
                workday(journal, rng, world, person, day)
            if day >= person.joined and rng.random() < 0.06:
                late_evening(journal, rng, world, person, day)
    if world.newcomer.joined > 0:
        with journal.of("new employee"):
            welcome(journal, seed_of("newcomer"), world, world.newcomer)
