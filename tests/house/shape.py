#!/usr/bin/python3
"""Checks the shape of the sources: an opening sentence in every file, caps on files, headers and functions, no typedef of structs.

Usage: shape.py [ROOT]. Prints one line an offence and the figures of STYLE, exits 1 if there is an offence.
"""
import re
import sys
from pathlib import Path

FILE_LINES, HEADER_LINES, FUNCTION_LINES = 500, 120, 70
FOLDERS = ["include", "proto", "core", "agent", "collector", "tools", "console", "bench", "tests", "scripts"]
VAGUE = {"util", "utils", "manager", "handler", "data", "common", "helper", "helpers", "misc"}
# What opens a file: a comment (or a docstring) of three words at least.
OPENINGS = {
    ".c": re.compile(r"/\* \S+ \S+ \S+"),
    ".h": re.compile(r"/\* \S+ \S+ \S+"),
    ".proto": re.compile(r"// \S+ \S+ \S+"),
    ".py": re.compile(r'(#!.*\n)?("""|# )\S+ \S+ \S+'),
    ".sh": re.compile(r"#!.*\n# \S+ \S+ \S+"),
}


def functions(text):
    """(line, length) of each function: .clang-format puts both braces of a body alone in the first column."""
    begin = None
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            begin = number
        elif line == "}" and begin is not None:
            yield begin, number - begin + 1
            begin = None


def sources(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and "corpus" not in path.parts:
                yield path


def opening(path, text):
    """The pattern that the file's beginning must match; scripts without a suffix are known by their first line."""
    if path.suffix in OPENINGS:
        return OPENINGS[path.suffix]
    return OPENINGS[".sh"] if text.startswith("#!") and "python" not in text.splitlines()[0] else None


def offences_of(path, name, text):
    wanted = opening(path, text)
    if wanted and not wanted.match(text):
        yield f"{name}:1: no opening sentence"
    if path.stem in VAGUE:
        yield f"{name}:1: a name that says nothing"
    if path.suffix not in (".c", ".h"):
        return
    lines = text.count("\n")
    cap = HEADER_LINES if path.suffix == ".h" else FILE_LINES
    if lines > cap:
        yield f"{name}:1: {lines} lines; the cap is {cap}"
    for line, length in functions(text):
        if length > FUNCTION_LINES:
            yield f"{name}:{line}: a function of {length} lines; the cap is {FUNCTION_LINES}"
    for match in re.finditer(r"\btypedef\s+struct\b", text):
        yield f"{name}:{text.count(chr(10), 0, match.start()) + 1}: a typedef of a struct"


def readable(path):
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return None


def offences(root):
    root = Path(root)
    for path in sources(root):
        text = readable(path)
        if text is not None:
            yield from offences_of(path, path.relative_to(root), text)


def figures(root):
    """One line of the measures that STYLE names, over the product's own C."""
    lengths, comment_chars, chars = [], 0, 0
    for path in sources(Path(root)):
        if path.suffix in (".c", ".h") and "tests" not in path.parts:
            text = path.read_text()
            lengths += [length for _, length in functions(text)]
            chars += len(text)
            comment_chars += sum(len(comment) for comment in re.findall(r"/\*.*?\*/", text, re.DOTALL))
    if not lengths:
        return "no functions"
    lengths.sort()
    return (f"{len(lengths)} functions: median {lengths[len(lengths) // 2]} lines, p90 {lengths[len(lengths) * 9 // 10]}, "
            f"longest {lengths[-1]}; comments {100 * comment_chars // chars}% of the text")


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    found = list(offences(root))
    print("\n".join(found + [figures(root)]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
