"""The machine, its load, and the memory of a process. Linux only: everything comes from /proc."""

from __future__ import annotations

import mmap
import os
import platform
import re
import shutil
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# a run is disturbed if other processes, or the host, used more than this share of the processors
OTHER_SHARE_LIMIT = 0.05
STEAL_SHARE_LIMIT = 0.02


def processor_features() -> list[str]:
    """The instruction sets of the processor, with the kernel's names."""
    found = re.search(r"^(?:flags|Features)\s*: (.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return sorted(found[1].split()) if found else []


def machine_facts() -> dict[str, Any]:
    """The facts about the machine for a reader: processor, cores, memory, kernel, C library."""
    cpuinfo = _read("/proc/cpuinfo")
    model = re.search(r"^(?:model name|CPU part)\s*: (.*)$", cpuinfo, re.MULTILINE)
    identity = {
        name: found[1]
        for name in ("vendor_id", "cpu family", "model", "stepping", "cache size")
        if (found := re.search(rf"^{name}\s*: (.*)$", cpuinfo, re.MULTILINE))
    }
    memory = re.search(r"^MemTotal:\s*(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    return {
        "processor": model[1] if model else platform.processor(),
        "processor_identity": identity,
        "cores": len(os.sched_getaffinity(0)),
        "features": processor_features(),
        "virtual": "hypervisor" in processor_features(),
        "memory_bytes": int(memory[1]) * 1024 if memory else 0,
        "kernel": platform.release(),
        "c_library": " ".join(platform.libc_ver()),
        "python": platform.python_version(),
    }


def file_system(path: Path) -> str:
    """The type of the file system that holds `path`."""
    done = subprocess.run(["stat", "-f", "-c", "%T", str(path)], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def free_disk_bytes(path: Path) -> int:
    """The number of bytes that this user can still write there."""
    return shutil.disk_usage(path).free


def touch_memory(size: int) -> None:
    """Use `size` bytes of free memory, or all of it if there is less, and free them at once.

    A virtual machine gets memory from its host at the first access, which can take several times as long as the
    measured action. It returns memory that is free for some seconds.
    """
    free = re.search(r"^MemFree:\s*(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    available = int(free[1]) * 1024 * 9 // 10 if free else 0
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    mmap.mmap(-1, max(mmap.PAGESIZE, min(size, available)), flags=flags).close()


def physical_cores() -> int:
    """The number of cores that this process can use. The threads of one core count once."""
    cores = set()
    for processor in os.sched_getaffinity(0):
        siblings = Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")
        cores.add(siblings.read_text("ascii").strip() if siblings.is_file() else str(processor))
    return len(cores)


@dataclass(frozen=True)
class Memory:
    """The memory of a process in bytes, from /proc/PID/smaps_rollup.

    `rss` counts every page that is in memory and mapped, mapped weights too; `pss` divides pages that several
    processes map; `anonymous` is memory without a file, such as repacked weights and the KV cache.
    """

    rss: int
    pss: int
    anonymous: int


def memory_of(pid: int) -> Memory:
    """The present memory of the process."""
    text = _read(f"/proc/{pid}/smaps_rollup")
    values = {name: int(kib) * 1024 for name, kib in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    return Memory(values["Rss"], values["Pss"], values["Anonymous"])


@dataclass(frozen=True)
class Load:
    """The load of the machine during a run, as shares of the time of all processors."""

    loadavg_before: float
    elapsed_s: float
    other_share: float
    steal_share: float

    @property
    def disturbed(self) -> bool:
        """Whether other programs may have slowed the run."""
        return self.other_share > OTHER_SHARE_LIMIT or self.steal_share > STEAL_SHARE_LIMIT

    def to_json(self) -> dict[str, float]:
        """The fields for the raw file."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


class LoadMeter:
    """Measures the load from its creation. Wait for all children before `stop`: they count as this process."""

    def __init__(self) -> None:
        self._loadavg = os.getloadavg()[0]
        self._began = time.monotonic()
        self._all = _processor_times()
        self._own = _own_ticks()

    def stop(self) -> Load:
        """The load since the creation of the meter."""
        after = _processor_times()
        names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
        spent = dict(zip(names, (b - a for a, b in zip(self._all, after, strict=True)), strict=True))
        total = max(1, sum(spent.values()))
        busy = total - spent["idle"] - spent["iowait"] - spent["steal"]
        other = max(0.0, busy - (_own_ticks() - self._own))
        elapsed = time.monotonic() - self._began
        return Load(self._loadavg, elapsed, other / total, spent["steal"] / total)


def _processor_times() -> list[int]:
    """Ticks of all processors since boot: user, nice, system, idle, iowait, irq, softirq, steal (proc(5))."""
    return [int(word) for word in _read("/proc/stat").split("\n", 1)[0].split()[1:9]]


def _own_ticks() -> float:
    """The ticks that this process and its ended children used."""
    times = os.times()
    return (times.user + times.system + times.children_user + times.children_system) * _TICKS_PER_S


def _read(path: str) -> str:
    return Path(path).read_text("utf-8")
