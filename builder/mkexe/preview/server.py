"""Serve an ASGI application to this computer: uvicorn in its own thread, without a log and signal handlers.

In its own thread, uvicorn does not handle signals, so Ctrl-C works as in every other command.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import socket
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

import uvicorn
from starlette.types import ASGIApp

from mkexe.errors import UsageError

LOOPBACK = "127.0.0.1"

_NOTHING = logging.CRITICAL + 1
_LOOK_S = 0.1
_WAITING_CONNECTIONS = 128

Result = TypeVar("Result")


class LoopbackServer:
    """Listens as soon as it is created, and answers until `stop`. Port 0 means any free port.

    Raises UsageError if the port is in use.
    """

    def __init__(self, application: ASGIApp, port: int = 0) -> None:
        self._listener = _listen(port)
        config = uvicorn.Config(
            application, loop="asyncio", http="h11", ws="none", lifespan="off", interface="asgi3", log_config=None,
            log_level=_NOTHING, access_log=False, proxy_headers=False, server_header=False,
            timeout_graceful_shutdown=0,  # closes open streams at once
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until another thread calls `stop`, or for Ctrl-C. Windows delivers Ctrl-C only between two checks."""
        while self._thread.is_alive():
            self._thread.join(_LOOK_S)

    def stop(self) -> None:
        """End the server, even in the middle of answers."""
        self._server.should_exit = True
        self._thread.join()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        if sys.platform != "win32":  # on Windows, two programs could then use the same port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(_WAITING_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"port {port}: {error.strerror}", "choose another port with --port, or leave it out"
        ) from error
    return listener


async def in_thread(work: Callable[[], Result]) -> Result:
    """Run `work` in a thread; returns or raises what it does. The program can end before the thread does."""
    done: concurrent.futures.Future[Result] = concurrent.futures.Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(done)
