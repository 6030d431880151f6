"""Counts the tests in JUnit reports: prints "PASSED FAILED SKIPPED", and on standard error what failed and what was skipped, and why."""
import sys
import xml.etree.ElementTree as ElementTree


def one_line(text):
    return " ".join((text or "no reason given").split())[:200]


def count(path):
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = "/".join(dict.fromkeys(part for part in (case.get("classname"), case.get("name")) if part))
        kinds = {child.tag: child for child in case}
        if "failure" in kinds or "error" in kinds:
            failed += 1
            print(f"    failed: {name}", file=sys.stderr)
        elif "skipped" in kinds:
            skipped += 1
            print(f"    skipped: {name}: {one_line(kinds['skipped'].get('message'))}", file=sys.stderr)
        else:
            passed += 1
    return passed, failed, skipped


def main():
    totals = [sum(column) for column in zip(*(count(path) for path in sys.argv[1:]))]
    print(*totals)


if __name__ == "__main__":
    main()
