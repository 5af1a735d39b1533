"""The sockets on which a process listens, as the kernel tells them: not what the process says of itself."""

from __future__ import annotations

import ipaddress
import os
import re
import struct
from pathlib import Path

LISTENING = "0A"  # TCP_LISTEN, include/net/tcp_states.h
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def listening_addresses(process: int) -> list[tuple[Address, int]]:
    """Address and port of every TCP socket on which `process` listens; read in the process's own network."""
    own = _sockets_of(process)
    found = []
    for table in ("tcp", "tcp6"):
        path = Path(f"/proc/{process}/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else []:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == LISTENING and inode in own:
                address, port = local.split(":")
                found.append((_address(address), int(port, 16)))
    return found


def _sockets_of(process: int) -> set[str]:
    """The inodes of the sockets that a process has open."""
    folder = Path(f"/proc/{process}/fd")
    links = [os.readlink(folder / name) for name in os.listdir(folder)]
    return {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}


def _address(digits: str) -> Address:
    """proc(5): words of 32 bits in the machine's byte order."""
    words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    return ipaddress.IPv4Address(packed) if len(packed) == 4 else ipaddress.IPv6Address(packed)
