"""A started artifact, seen from outside: its reports about its start, and its answers over HTTP."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkexe.errors import BootError

_ANSWER_MAXIMUM = 64 << 20  # bytes
_POLL_S = 0.05
_HTTP_TIMEOUT_S = 300.0


class StartedServer:
    """A started artifact, seen from outside."""

    def __init__(self, key: str, status: Path, poll: Callable[[], int | None], deadline: float) -> None:
        self._key = key
        self._status = status
        self._poll = poll
        self._deadline = deadline
        self._address = ""

    def wait_until_listening(self) -> str:
        """Wait for its address and return it; raises BootError if it ends, or if the time is up."""
        while not self._address:
            address = str(self._reported("listening").get("address", ""))
            self._address = "/".join(address.split("/")[:3])  # without the page's path
            self._check("say where it listens")
        return self._address

    def wait_until_ready(self) -> None:
        """Wait for the address, then for the model; raises BootError if it ends, or if the time is up."""
        self.wait_until_listening()
        while not self._reported("ready"):
            self._check("load the model")

    def _reported(self, name: str) -> dict[str, Any]:
        """The event of that name; empty if it has not been reported yet."""
        for line in self._status.read_bytes().split(b"\n")[:-1]:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and event.get("event") == name:
                    return event
        return {}

    def get(self, path: str, authorized: bool = True) -> tuple[int, bytes]:
        """Status and body of the answer; status 0 if nothing answers."""
        return self._send(path, None, authorized)

    def post(self, path: str, body: dict[str, Any], authorized: bool = True) -> tuple[int, bytes]:
        """The same for a JSON request."""
        return self._send(path, json.dumps(body).encode(), authorized)

    def _send(self, path: str, data: bytes | None, authorized: bool) -> tuple[int, bytes]:
        import http.client  # slow to import, and a build does not need it
        import urllib.error
        import urllib.request

        headers = {"Content-Type": "application/json"}
        if authorized:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(self._address + path, data, headers)  # noqa: S310  (our own server)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=_HTTP_TIMEOUT_S) as response:
                return response.status, response.read(_ANSWER_MAXIMUM)
        except urllib.error.HTTPError as error:
            return error.code, error.read(_ANSWER_MAXIMUM)
        except (OSError, http.client.HTTPException, ValueError):  # no answer, or one that is not HTTP
            return 0, b""

    def _check(self, what: str) -> None:
        status = self._poll()
        if status is not None:
            raise BootError(f"it ended with status {status} before it could {what}")
        if time.monotonic() > self._deadline:
            raise BootError(f"it did not {what} in time")
        time.sleep(_POLL_S)
