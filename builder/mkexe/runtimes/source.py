"""The pinned source of llama.cpp: fetched with pip (and its index, proxy and certificates), unpacked, patched."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from mkexe.base import cache, process, resources
from mkexe.base.mirror import copy_changed
from mkexe.base.reporter import Progress
from mkexe.errors import CompileError, FetchError, ToolMissingError
from mkexe.runtimes import pins
from mkexe.runtimes.pins import SourcePin


def fetch_source(pin: SourcePin, log_path: Path) -> Path:
    """The pinned source distribution as a file with the pinned hash, from the cache or from the package index.

    Raises FetchError if pip cannot get it or the hash differs.
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
    """Let pip write the pin's file into `folder`, without a check of its hash. Raises FetchError."""
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

    tarfile's data filter refuses members that would be written outside `output`.
    """
    prefix = pin.folder + "/"
    with tarfile.open(archive) as tar:
        members = [member for member in tar.getmembers() if member.name.startswith(prefix)]
        if not members:
            raise FetchError(f"{archive}: has no folder {pin.folder}", "the pin in native/pins.toml is wrong")
        for member in members:
            member.name = member.name[len(prefix) :]
        tar.extractall(output, members=members, filter="data")


def prepare_source(logs: Path, progress: Progress) -> Path:
    """Return the folder of llama.cpp in the cache, unpacked and patched.

    There is one folder per pinned source, so that a changed patch compiles only the files that it changes.
    """
    pin = pins.llama_pin()
    folder = cache.root() / "source" / f"llama.cpp-{pin.commit}-{pin.sha256[: cache.KEY_DIGITS]}"
    if not folder.is_dir():
        progress.advance(0, "fetching llama.cpp")
        archive = fetch_source(pin, logs / "fetch.log")
        with cache.new_folder(folder) as temporary:
            unpack_source(archive, pin, temporary)
    _patch_source(folder, resources.source_root() / "native" / "patches")
    return folder


def _patch_source(folder: Path, patches: Path) -> None:
    """Apply the patches to `folder`, and write only files that differ. `folder`.orig keeps upstream's files.

    Raises ToolMissingError, or CompileError if a patch does not apply.
    """
    if importlib.util.find_spec("patch_ng") is None:
        raise ToolMissingError("the Python package patch-ng is not installed", 'pip install "mkexe[compile]"')
    import patch_ng

    originals = folder.with_name(f"{folder.name}.orig")
    patch_sets = {file.name: patch_ng.fromfile(str(file)) for file in sorted(patches.glob("*.patch"))}
    for patch_set in patch_sets.values():
        for item in patch_set or ():
            name = item.source.decode().removeprefix("a/")
            if (folder / name).is_file() and not (originals / name).exists():
                (originals / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / name, originals / name)
    with tempfile.TemporaryDirectory(dir=cache.root()) as scratch:
        patched = Path(scratch) / "patched"
        if originals.is_dir():
            shutil.copytree(originals, patched)
        for name, patch_set in patch_sets.items():
            if not patch_set or not patch_set.apply(strip=1, root=str(patched)):
                raise CompileError(
                    f"{name} does not apply to llama.cpp {pins.llama_pin().commit}",
                    "its head says why it exists; write it again for this source, or remove it",
                )
        copy_changed(patched, folder, cache.hash_tree(patched, "."))
