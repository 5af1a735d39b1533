"""What a test needs and this project does not bring: without it the test is skipped, but not in CI."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def need(*commands: str) -> None:
    """Go on where all these programs are installed."""
    for command in commands:
        if shutil.which(command) is None:
            missing(command)


def missing(name: str) -> NoReturn:
    """Skip the test; in CI, fail."""
    assert not os.environ.get("CI"), f"{name} must be installed in CI"
    pytest.skip(f"{name} is not installed")
