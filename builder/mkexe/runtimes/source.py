"""Pinned inputs: fetched with pip, so that a user's index, proxy and certificate settings hold."""

from __future__ import annotations

import hashlib
import sys
import tarfile
from pathlib import Path

from mkexe.base import cache, process
from mkexe.errors import FetchError
from mkexe.runtimes.pins import SourcePin


def fetch_source(pin: SourcePin, log_path: Path) -> Path:
    """The pinned source distribution as a file with the pinned hash, from the cache or from the package index.

    Raises FetchError when pip cannot get it or the hash differs.
    """
    file = cache.root() / "downloads" / pin.file
    if not file.is_file():
        download(pin, file.parent, log_path)
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != pin.sha256:
        file.unlink()
        raise FetchError(
            f"{file}: expected SHA-256 {pin.sha256}, found {found}",
            "the file was removed; check your package index and try again",
        )
    return file


def download(pin: SourcePin, folder: Path, log_path: Path) -> None:
    """Let pip put the pin's file into `folder`, whatever its hash; raises FetchError."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--no-binary", pin.package,
        "--dest", str(folder), f"{pin.package}=={pin.version}",
    ]  # fmt: skip
    try:
        process.run(command, log_path=log_path)
    except process.ProcessFailed as failed:
        raise FetchError(
            f"pip could not fetch {pin.package} {pin.version}",
            f"check the network and pip's index settings; or put {pin.file} into {folder}",
            failed.tail,
        ) from failed


def unpack_source(archive: Path, pin: SourcePin, output: Path) -> None:
    """Unpack the pin's folder of the archive so that its content lies in `output`.

    Members that would land outside `output` are refused by tarfile's data filter.
    """
    prefix = pin.folder + "/"
    with tarfile.open(archive) as tar:
        members = [member for member in tar.getmembers() if member.name.startswith(prefix)]
        if not members:
            raise FetchError(f"{archive}: has no folder {pin.folder}", "the pin in native/pins.toml is wrong")
        for member in members:
            member.name = member.name[len(prefix) :]
        tar.extractall(output, members=members, filter="data")
