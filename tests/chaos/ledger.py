"""Asks `vedette ledger` for its accounts, and holds them against those of the oracle, which counted by itself."""
import json
from collections import Counter

from support.process import run

TIMEOUT_S = 300


def accounts_of_oracle(oracle):
    """(tenant, agent, stream) → published, and the events that GAPs tell missing, by reason."""
    accounts = {(*agent, stream): {"published": series.seen, "gaps": Counter()}
                for (agent, stream), series in oracle.streams.items()}
    for gap in oracle.gaps:
        account = accounts[*gap.agent, gap.stream]
        account["published"] -= 1
        account["gaps"][gap.reason] += gap.count or (gap.last - gap.first + 1 if gap.first else 0)
    return accounts


def differences(rows, total, oracle):
    """Sentences about where the ledger's accounts are not the oracle's; none: they agree."""
    own = accounts_of_oracle(oracle)
    told = {(row["tenant"], row["agent"], row["stream"]): row for row in rows if row["published"] or row["last"]}
    yield from (f"a stream that the ledger does not know: {name}" for name in own.keys() - told.keys())
    yield from (f"a stream that only the ledger knows: {name}" for name in told.keys() - own.keys())
    for name in own.keys() & told.keys():
        row, account = told[name], own[name]
        if row["published"] != account["published"]:
            yield f"{name}: the ledger has {row['published']} published, the oracle {account['published']}"
        gaps = Counter({reason: count for reason, count in row["gaps"].items() if count})
        if gaps != +account["gaps"]:
            yield f"{name}: the ledger has GAPs of {dict(gaps)}, the oracle of {dict(account['gaps'])}"
    if sum(row["published"] for row in rows) != total["published"]:
        yield f"the ledger's sum is {total['published']}, that of its accounts is not"
    if not total["whole"] or total["unnumbered"]:
        yield f"the ledger is not whole: {total}"


def ask(brokers, topic, oracle):
    """Sentences; none: what vedette ledger says is the truth."""
    done = run("vedette", "ledger", "--brokers", brokers, "--topic", topic, "--json", timeout_s=TIMEOUT_S)
    if not done.stdout:
        return [f"the ledger said nothing and ended with {done.returncode}: {done.stderr}"]
    *rows, last = [json.loads(line) for line in done.stdout.splitlines()]
    return list(differences(rows, last["sum"], oracle))
