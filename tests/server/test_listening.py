"""Where the server listens: the sockets that the kernel knows of, and what the person is told of them.

A server that lets others in runs in a network of its own, where there are none.
"""

from __future__ import annotations

import ipaddress
import os
import re
import urllib.parse
from pathlib import Path

import pytest

from support.needs import need
from support.running import Running, run_to_end
from support.sockets import listening_addresses

pytestmark = pytest.mark.usefixtures("unpacked")

OTHERS = "Other computers can connect too: the server listens on "
LAN = "192.0.2.7"  # RFC 5737: in nobody's network
NETWORK = f'ip link set lo up && ip addr add {LAN}/24 dev lo && exec "$@"'


def in_own_network(program: Path) -> list[str]:
    """The words behind `sh` that start a program in a network of its own, with the address LAN."""
    need("ip", "unshare")
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    return ["-c", 'exec "$@"', "sh", *unshare, "sh", "-c", NETWORK, "sh", "sh", str(program)]


def port_of(running: Running) -> int:
    port = urllib.parse.urlsplit(running.address).port
    assert port
    return port


@pytest.mark.parametrize("host", [None, "127.0.0.1", "127.0.0.5", "::1", "localhost"])
def test_it_listens_on_loopback_only(artifact: Path, tmp_path: Path, host: str | None) -> None:
    start = ("--port", "0", "--no-browser", *(("--host", host) if host else ()))
    with Running([str(artifact)], tmp_path, start) as running:
        sockets = listening_addresses(running.process_named("mkexe"))
        assert sockets
        assert [address for address, _ in sockets if not address.is_loopback] == []
        assert {port for _, port in sockets} == {port_of(running)}
        assert running.get("/health")[0] == 200
    if host and host != "localhost":
        assert [address for address, _ in sockets] == [ipaddress.ip_address(host)]
    assert OTHERS not in "".join(running.log)


@pytest.mark.parametrize(
    ("host", "listens", "shown"),
    [("0.0.0.0", "0.0.0.0", "127.0.0.1"), ("::", "::", "[::1]"), (LAN, LAN, LAN)],
)  # fmt: skip
def test_where_others_can_connect_that_is_said(
    artifact: Path, tmp_path: Path, host: str, listens: str, shown: str
) -> None:
    start = ("--host", host, "--port", "0", "--api-key", "sesame", "--no-browser")
    with Running(in_own_network(artifact), tmp_path, start).at_once() as running:
        sockets = listening_addresses(running.process_named("mkexe"))
        assert sockets == [(ipaddress.ip_address(listens), port_of(running))]
        assert running.address == f"http://{shown}:{port_of(running)}"
        running.until_said(f"{OTHERS}{host}. They need the key.\n")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", LAN, "0", "::ffff:0.0.0.0", "example.localhost.example"])
def test_without_a_key_nobody_is_let_in(artifact: Path, tmp_path: Path, host: str) -> None:
    done = run_to_end([str(artifact), "--host", host, "--no-browser"], HOME=str(tmp_path))
    assert done.returncode == 2
    assert "Add --api-key" in done.stderr
    assert not re.search(r"^    http://", done.stderr, re.MULTILINE)
