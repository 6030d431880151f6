#!/usr/bin/python3
"""Checks every #include against the house plan: who may know whom, and which module owns a foreign header.

Usage: arrows.py [ROOT]. Prints one line an offence, exits 1 if there is one. Tests may include whatever they test.
"""
import re
import sys
from fnmatch import fnmatch
from pathlib import Path

# Folder → layer; the longest matching folder counts.
LAYERS = {
    "core/base": "base", "proto": "proto", "core/net": "net", "core/kafka": "kafka", "core/parse": "parse",
    "core/client": "client", "core/spool": "spool", "collector/score": "score", "agent": "agent", "collector": "collector",
    "tools": "tools", "console": "console", "bench": "bench",
}

CORE = {"base", "proto", "net", "kafka", "parse", "client", "spool"}
# Layer → the layers whose headers it may include, itself always among them.
ARROWS = {
    "base": set(),
    "proto": {"base"},
    "net": {"base"},
    "kafka": {"base"},
    "parse": {"base", "proto"},
    "client": {"base", "proto", "net"},
    "spool": {"base", "proto"},
    "score": {"base", "proto"},
    "agent": CORE,
    "collector": CORE | {"score"},
    "tools": CORE | {"score"},
    "console": CORE,
    "bench": CORE | {"score", "collector"},
}

# Foreign header → the files that may include it, and after a ! those that may not. A pattern's * crosses folders.
OWNERS = {
    "openssl/*": ["core/net/tls_*"],
    "lz4*.h": ["proto/lz4_block.c"],
    "librdkafka/*": ["core/kafka/*", "bench/producer.c"],
    "yaml.h": ["core/base/config_yaml.c"],
    "jansson.h": ["proto/event_json_read.c"],
    "microhttpd.h": ["collector/http*"],
    "xxh*.h": ["core/base/hash.c"],
    "systemd/sd-journal.h": ["agent/sources/journal*"],
    "systemd/sd-daemon.h": ["core/base/service.c"],
    "systemd/*": [],
    "protobuf-c/*": ["proto/*", "core/parse/*", "agent/sources/*", "bench/*"],
    "*.pb-c.h": ["proto/*", "core/parse/*", "agent/sources/*", "bench/*"],
    "uv.h": ["!collector/score/*", "core/base/program*", "core/net/*", "core/kafka/*", "core/client/*", "agent/*",
             "collector/*", "tools/*", "console/*", "bench/*"],
    "linux/*": ["agent/sources/*"],
}

# Layer → its headers in include/vedette/. A header that stands in no line is an offence: decide whose it is.
PUBLIC = {
    "base": "arena buffer bytes clock config crc32c error hash log memory program random service utf8",
    "proto": "batch event_flatten event_json event_reasons event_splice event_validate event_view event_write finding frame gap lz4_block score session wire",
    "net": "connector identity listener pki service_config stream tls",
    "kafka": "consumer kafka membership shard_log",
    "parse": "parse",
    "client": "client link",
    "spool": "spool spool_inspect",
}
# A layer within a program has no headers in include/vedette/: those beside its sources are open to whom the arrows allow.
OPEN = {"score", "collector"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def layer_of(path):
    """The layer of a file by its folder, or None outside of them all (tests)."""
    folders = [folder for folder in LAYERS if path.startswith(folder + "/")]
    return LAYERS[max(folders, key=len)] if folders else None


class House:
    """The sources under one root, and what is wrong with their includes."""

    def __init__(self, root):
        self.root = Path(root)
        folders = {folder.split("/")[0] for folder in LAYERS} | {"include"}
        self.files = sorted(str(path.relative_to(self.root)) for folder in folders
                            for path in (self.root / folder).rglob("*.[ch]"))
        self.public = {f"{stem}.h": layer for layer, stems in PUBLIC.items() for stem in stems.split()}

    def offences(self):
        for path in self.files:
            layer = layer_of(path) or self.public.get(Path(path).name)
            if layer is None:
                yield f"{path}: no layer: PUBLIC does not say whose it is"
                continue
            for match in INCLUDE.finditer((self.root / path).read_text()):
                wrong = self._wrong(path, layer, match[1], match[2])
                if wrong:
                    yield f"{path}: includes {match[2]}: {wrong}"

    def _wrong(self, path, layer, quote, name):
        if name.startswith("vedette/"):
            return self._wrong_layer(layer, self.public.get(name.removeprefix("vedette/"), "nobody"))
        for pattern, owners in OWNERS.items():
            if fnmatch(name, pattern):
                return self._wrong_owner(path, layer, owners)
        if quote == "<":
            return None
        target = self._private_header(path, name)
        if target is None:
            return "no such file; shared headers are <vedette/...>"
        other = layer_of(target)
        if other == layer or (other in OPEN and other in ARROWS[layer]):
            return None
        return f"a private header of {other}"

    @staticmethod
    def _wrong_layer(layer, other):
        if other == layer or other in ARROWS[layer]:
            return None
        return f"{layer} may not know {other}"

    @staticmethod
    def _wrong_owner(path, layer, owners):
        # A public header stands for its layer's folder: include/vedette/stream.h for core/net/stream.h.
        folders = [folder for folder, name in LAYERS.items() if name == layer]
        names = [path] + [f"{folder}/{Path(path).name}" for folder in folders if path.startswith("include/")]
        forbidden = any(fnmatch(name, owner[1:]) for name in names for owner in owners if owner[0] == "!")
        if not forbidden and any(fnmatch(name, owner) for name in names for owner in owners):
            return None
        return "only for " + (", ".join(owners) or "nobody")

    def _private_header(self, path, name):
        """The file meant: beside the includer, under one of the folders above it, or in an open layer's folder."""
        open_folders = [Path(folder) for folder, layer in LAYERS.items() if layer in OPEN]
        for folder in [*Path(path).parents, *open_folders]:
            target = (self.root / folder / name).resolve()
            if target.is_file() and target.is_relative_to(self.root.resolve()):
                return str(target.relative_to(self.root.resolve()))
        return None


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    offences = list(House(root).offences())
    print("\n".join(offences) or "every include follows the arrows")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
