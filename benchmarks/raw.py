"""The raw file: one JSON object per line, in the order of the measurements. Every table can be made from it again.

kind      the rest
machine   the machine, the compilers, commits, keys of the measured programs, the date; one per start of run.py
model     a model's name, bytes, parameters and bytes read per token
run       settings, case, peer, pair, position (0 first), program; then times, answers, memory and load
overhead  the same first fields; bytes besides the weights
limit     a limit of the machine itself: name, bytes_per_s, how it was measured
empty     a metric that a peer does not have, and why
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from mkexe.errors import UsageError


class RawFile:
    """Records in memory and, line by line, on the disk. An interrupted benchmark loses at most one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records = read_raw(path) if path.is_file() else []
        path.parent.mkdir(parents=True, exist_ok=True)

    def add(self, kind: str, **fields: Any) -> None:
        """Append a record."""
        record = {"kind": kind, **fields}
        self.records.append(record)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def add_once(self, kind: str, **fields: Any) -> None:
        """Append a record unless it is already there."""
        if {"kind": kind, **fields} not in self.records:
            self.add(kind, **fields)

    def start(self, machine: dict[str, Any]) -> None:
        """Append the machine's record. Raises UsageError if the other runs in the file measured something else."""
        now = machine["measured"]
        for before in (record["measured"] for record in self.records if record["kind"] == "machine"):
            for name in before.keys() & now.keys():
                if before[name] != now[name]:
                    raise UsageError(
                        f"{self.path}: holds runs of {name} {before[name]}, and these would be of {now[name]}",
                        "choose another file with --raw",
                    )
        self.add("machine", **machine)


def read_raw(path: Path) -> list[dict[str, Any]]:
    """All records. Raises UsageError for a line that is not a record, unless it is the last one and was cut off."""
    records: list[dict[str, Any]] = []
    lines = path.read_text("utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        try:
            records.append(json.loads(line))
        except ValueError as error:
            if number < len(lines):
                raise UsageError(f"{path}: line {number} is not JSON: {error}", "restore the file") from error
    return records
