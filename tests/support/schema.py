"""Protobuf classes of proto/*.proto, generated for this run by protoc: what a consumer in Python would have."""
import functools
import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

PROTO = Path(__file__).resolve().parents[2] / "proto"


@functools.cache
def schema(name):
    """The module of name.proto's classes."""
    with tempfile.TemporaryDirectory(prefix="vedette-proto-") as folder:
        subprocess.run(["protoc", f"--proto_path={PROTO}", f"--python_out={folder}", f"{name}.proto"], check=True)
        sys.path.insert(0, folder)
        try:
            return importlib.import_module(f"{name}_pb2")
        finally:
            sys.path.remove(folder)
