"""`vedette score events`: OCSF lines in, scores out, the same bytes each time."""
import json

from support.process import run

BEGIN = 1700438400000
MINUTES = 2 * 24 * 60
LATER = 60


def event(host, minute, number=0):
    return json.dumps({"class_uid": 3002, "activity_id": 1, "status_id": 1, "severity_id": 1,
                       "time": BEGIN + minute * 60000,
                       "metadata": {"version": "1.8.0", "uid": f"{host}-{minute}-{number}", "tenant_uid": "acme"},
                       "device": {"uid": host}, "user": {"name": f"{host}-user"}})


def two_hosts():
    """One a minute of each for two days; then only of the first."""
    return [event(host, minute) for minute in range(MINUTES + LATER) for host in ("web-1", "db-1")
            if minute < MINUTES or host == "web-1"]


def score(lines, *options):
    done = run("vedette", "score", "events", *options, input="\n".join(lines) + "\n")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_line_an_event_in_the_same_order():
    lines = two_hosts()
    scored = score(lines)
    assert [line.split("\t")[0] for line in scored] == [json.loads(line)["metadata"]["uid"] for line in lines]
    assert scored == score(lines)


def test_who_goes_quiet_is_a_line_of_its_own():
    lines = two_hosts()
    told = score(lines, "--silences", "--json", "--asset", "acme/db-*=critical")
    silences = [event for event in map(json.loads, told) if event["metadata"].get("event_code") == "SILENCE"]
    assert len(told) == len(lines) + 1 and len(silences) == 1
    silence = silences[0]
    assert silence["device"]["uid"] == "db-1" and silence["metadata"]["tenant_uid"] == "acme"
    assert silence["start_time"] == BEGIN + (MINUTES - 1) * 60000
    assert silence["message"].startswith("The host db-1 has gone quiet: no event for 11 min, where 11 were expected")
    assert silence["risk_score"] == 73 and "criticality critical" in silence["risk_details"]
    assert [line for line in score(lines, "--silences") if not line.startswith("silence-")] == score(lines)


def test_a_silence_is_a_finding_too():
    told = [json.loads(line) for line in score(two_hosts(), "--findings", "--asset", "acme/db-*=critical")]
    quiet = [finding for finding in told if finding["finding_info"]["title"] == "Host db-1 has gone quiet"]
    assert [finding["activity_id"] for finding in quiet] == [1, 3] and len({f["finding_info"]["uid"] for f in quiet}) == 1
    assert quiet[0]["device"]["uid"] == "db-1" and quiet[0]["finding_info"]["related_events"][0]["uid"].startswith("silence-")
