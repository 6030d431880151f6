"""Who and what is in the enterprise: hosts, people, and the habits that make one differ from the next."""
import math
from dataclasses import dataclass, field

DAY, HOUR, MINUTE = 86400, 3600, 60
BEGIN = 1772409600  # Monday 2026-03-02 00:00 UTC
WORKWEEK = 5
SERVERS = ["web-1", "web-2", "db-1", "files-1", "mail-1", "build-1", "gate-1", "mon-1", "app-1", "app-2"]
FIRST = ("anna ben carla david eva felix gina hans ines jan kara luis maria nils olga paul rita simon tina udo vera "
         "wim xenia yann zoe").split()
OFFICE = ["firefox", "thunderbird", "soffice.bin", "evince", "nautilus", "gedit", "gnome-calculator", "eog", "totem",
          "simple-scan", "gimp-2.10", "inkscape", "keepassxc", "zoom", "slack", "chromium", "cups-browsed", "file-roller"]
SHELL = ["bash", "ls", "cat", "grep", "git", "ssh", "vim", "python3", "make", "less", "find", "sed", "awk", "curl", "tar",
         "docker", "node", "npm", "gcc", "psql", "diff", "head", "sort", "rsync"]
FOLDERS = ["Documents", "Downloads", "Pictures", "Projects/alpha", "Projects/beta", "Projects/alpha/src", ".cache/mozilla",
           ".config", "Mail", "Desktop", "Projects/gamma/docs", "tmp"]


def poisson(rng, mean):
    if mean > 30:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, count, p = math.exp(-mean), 0, rng.random()
    while p > limit:
        count, p = count + 1, p * rng.random()
    return count


def zipf(rng, things):
    """The first of them far more often than the last."""
    return things[min(int(len(things) ** rng.random()) - 1, len(things) - 1)]


def midnight(day):
    return BEGIN + day * DAY


def is_workday(day):
    return day % 7 < WORKWEEK


@dataclass
class Person:
    name: str
    desk: str
    ip: str
    role: str  # "office", "developer" or "admin"
    begin: float  # hours of the day
    end: float
    zeal: float  # bouts of work an hour
    typos: float  # the share of logins that go wrong first
    programs: list
    folders: list
    sites: list
    joined: int = 0  # the day
    away: set = field(default_factory=set)

    def at_work(self, day):
        return is_workday(day) and day >= self.joined and day not in self.away


class World:
    """Fixed by its seed: the same people with the same habits."""

    def __init__(self, rng, hosts, days):
        self.days = days
        self.servers = SERVERS[:max(6, hosts // 3)]
        self.address = {name: f"10.1.0.{i + 10}" for i, name in enumerate(self.servers)}
        self.web = [f"{rng.randint(11, 99)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
                    for _ in range(400)]
        self.people = [self.person(rng, i) for i in range(hosts - len(self.servers))]
        self.newcomer = self.people[-1]
        self.newcomer.joined = min(7, days - 1)

    def person(self, rng, i):
        name = FIRST[i % len(FIRST)] + (str(i // len(FIRST)) if i >= len(FIRST) else "")
        desk = f"desk-{i + 1}"
        self.address[desk] = f"10.2.0.{i + 10}"
        role = "admin" if i < 3 else "developer" if i % 2 else "office"
        programs = ["/usr/bin/" + p for p in rng.sample(OFFICE, rng.randint(5, 12))]
        if role != "office":
            programs += ["/usr/bin/" + p for p in rng.sample(SHELL, rng.randint(12, len(SHELL)))]
        begin = rng.gauss(8.5, 0.7)
        return Person(name=name, desk=desk, ip=self.address[desk], role=role, begin=begin, end=begin + rng.gauss(8.7, 0.5),
                      zeal=rng.lognormvariate(math.log(9), 0.5), typos=min(0.4, rng.lognormvariate(math.log(0.05), 0.8)),
                      programs=programs, folders=[f"/home/{name}/{f}" for f in rng.sample(FOLDERS, rng.randint(5, 10))],
                      sites=rng.sample(self.web, 60), away={d for d in range(self.days) if rng.random() < 0.04})

    def of_role(self, role):
        return [p for p in self.people if p.role == role]

    def stranger(self, rng):
        """An address of the internet that nobody has seen."""
        return f"{rng.choice((45, 91, 103, 185, 193, 218))}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
