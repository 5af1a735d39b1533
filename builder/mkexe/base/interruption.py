"""Turn the signals that end the program into KeyboardInterrupt, like Ctrl-C, so that unfinished files are removed."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
_IGNORED = (2, 3)


@dataclass
class _State:
    count: int = 0
    held: bool = False
    waiting: bool = False


_state = _State()


@contextlib.contextmanager
def by_signals() -> Iterator[None]:
    """Let each of these signals raise KeyboardInterrupt in the main thread.

    The second and the third signal are ignored: people press Ctrl-C twice, and that must not interrupt the removal of
    files. A signal that was ignored when the program started (nohup) stays ignored.
    """
    _state.count, _state.waiting = 0, False
    before = {}
    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            with contextlib.suppress(ValueError):  # not in the main thread
                before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Delay these signals until the block ends. An interrupted start would leave a child that nothing stops."""
    _state.held = True
    try:
        yield
    finally:
        _state.held = False
        if _state.waiting:
            _state.waiting = False
            _interrupt()


def _interrupt(*_: object) -> None:
    if _state.held:
        _state.waiting = True
        return
    _state.count += 1
    if _state.count not in _IGNORED:
        raise KeyboardInterrupt
