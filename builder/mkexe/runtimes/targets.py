"""The target table, read from native/targets.toml."""

from __future__ import annotations

import functools
import platform
import re
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

from mkexe.base import resources
from mkexe.base.suggest import suggest
from mkexe.errors import UsageError

LINUX = "Linux"
WINDOWS = "Windows"
MACOS = "Darwin"
# what Python, Docker, Go, Apple and Windows call systems and processors
_OTHER_NAMES = {
    "amd64": "x86_64", "x64": "x86_64", "x86": "x86_64", "intel": "x86_64", "arm64": "aarch64", "arm": "aarch64",
    "darwin": "macos", "mac": "macos", "osx": "macos", "win": "windows", "win32": "windows", "win64": "windows",
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """One system and processor (native/targets.toml explains the fields)."""

    name: str
    triple: str
    system: str
    processor: str
    uname: tuple[str, str]
    suffix: str
    runner: str


@functools.cache
def all_targets() -> dict[str, Target]:
    """Every target by name, in the table's order."""
    table = tomllib.loads((resources.source_root() / "native" / "targets.toml").read_text("utf-8"))
    return {
        name: Target(
            name, row["triple"], row["system"], row["processor"], tuple(row["uname"]), row["suffix"], row["runner"]
        )
        for name, row in table.items()
    }


def host_target() -> str:
    """The name of this machine's target.

    Raises UsageError if there is none.
    """
    name = _usual_name(f"{sys.platform}-{platform.machine()}")
    if name not in all_targets():
        raise UsageError(
            f"this machine is {name}, which is not a target", "the targets are " + ", ".join(all_targets())
        )
    return name


def _usual_name(name: str) -> str:
    """A target in the words of this table, for example linux-x86_64 for linux/amd64."""
    words = re.split(r"[-_/ ]", re.sub("x86[-_]64", "x64", name.lower()))
    return "-".join(_OTHER_NAMES.get(word, word) for word in words)


def host_name() -> str:
    """The target of this machine; empty if mkexe has no target for it."""
    try:
        return host_target()
    except UsageError:
        return ""


def choose_targets(names: list[str], label: str = "--target") -> list[str]:
    """The targets with these names as typed, also `all` and `host`, in the table's order without repetitions.

    Raises UsageError, with `label` first in its message, for a name that is not a target.
    """
    wanted = check_names(names, label)
    if "host" in wanted:
        wanted.add(host_target())
    return [name for name in all_targets() if "all" in wanted or name in wanted]


def check_names(names: Sequence[str], label: str) -> set[str]:
    """The single names in the typed text. Raises UsageError, with `label` first, for a name that is not a target."""
    known = (*all_targets(), "all", "host")
    wanted = {name for item in names for name in item.split(",") if name}
    if names and not wanted:
        raise UsageError(f"{label}: expected the name of a target, found {names[0]!r}", f"known are {', '.join(known)}")
    unknown = sorted(wanted.difference(known))
    if unknown:
        raise UsageError(f"{label}: unknown target {unknown[0]!r}", suggest(_usual_name(unknown[0]), known))
    return wanted
