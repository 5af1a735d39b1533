"""Write files atomically: a file gets its name when it is complete."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mkexe.base.units import readable_size
from mkexe.errors import OutputError

_FICLONE = 0x40049409  # linux/fs.h
# kinds of files besides ordinary files, folders and links (stat(2))
_KINDS = {
    stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
}  # fmt: skip


def check_place(path: Path) -> None:
    """Raise OutputError unless `path` is free or names an ordinary file.

    Never replace a folder, a device, a pipe, a socket or a symbolic link: a build as root in a container could
    otherwise destroy /dev/null.
    """
    try:
        folder = path.absolute().parent
        if not folder.is_dir():
            raise OutputError(f"{path}: the folder {folder} does not exist", "create it, or choose another folder")
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:  # ValueError: a name with NUL; OSError: a path that is too long
        raise OutputError(
            f"{path}: {getattr(error, 'strerror', None) or error}", "choose another place with -o"
        ) from error
    if stat.S_ISDIR(kind):
        raise OutputError(f"{path}: is a folder", "name a file with -o")
    if stat.S_ISLNK(kind):
        raise OutputError(
            f"{path}: is a symbolic link to {os.readlink(path)}; mkexe neither replaces nor follows links",
            "name the file itself, or remove the link",
        )
    if not stat.S_ISREG(kind):
        raise OutputError(
            f"{path}: is {_KINDS.get(stat.S_IFMT(kind), 'not a file')}; mkexe only writes a new or an ordinary file",
            "choose another name",
        )


def check_space(folder: Path, needed: int) -> None:
    """Raise OutputError if the folder's disk has less than `needed` bytes free."""
    status = os.statvfs(folder) if hasattr(os, "statvfs") else None
    if status is not None and status.f_bavail * status.f_frsize < needed:
        free = status.f_bavail * status.f_frsize
        raise OutputError(
            f"{folder}: the file needs {needed} bytes ({readable_size(needed)}), "
            f"but only {free} bytes ({readable_size(free)}) are free",
            "free some space, or choose another disk with -o",
        )


def copy_folder(source: Path, folder: Path) -> None:
    """Copy a folder's files into `folder`, which may exist. Replaces ordinary files of the same names.

    Raises OutputError.
    """
    try:
        shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=_copy_into_place)
    except shutil.Error as error:
        raise OutputError(f"{folder}: {error.args[0][0][2]}", "choose another folder") from error
    except OSError as error:
        raise OutputError(f"{error.filename or folder}: {error.strerror}", "choose another folder") from error


def _copy_into_place(source: str, target: str) -> None:
    check_place(Path(target))
    shutil.copy2(source, target)


@contextlib.contextmanager
def output_file(path: Path, executable: bool = True, size: int = 0, replace: bool = True) -> Iterator[BinaryIO]:
    """A new file that gets its name when the block ends without an error. After an error, nothing is left.

    On Linux the file has no name until then (O_TMPFILE), so that nothing is left even after SIGKILL; elsewhere it has a
    hidden temporary name. If its `size` in bytes is given, Linux reports at once if the file system allows no file of
    that size. Without `replace`, a file that another program created in the meantime stays. Raises OutputError.
    """
    check_place(path)
    path = path.absolute()
    temporary = _temporary_name(path)
    try:
        nameless = _nameless_file(path.parent)
        with nameless or temporary.open("xb") as file:
            _try_size(file, size)
            yield file
            file.flush()
            if nameless is not None:
                _give_name(nameless, temporary)
        with contextlib.suppress(OSError):  # FAT has no modes, and chmod(2) fails there
            temporary.chmod(_mode(executable))
        check_place(path)  # again, because writing takes minutes
        temporary.replace(path) if replace else _take_new_name(temporary, path)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}", _hint(error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def data_file(path: Path, size: int) -> contextlib.AbstractContextManager[BinaryIO]:
    """The same for a new file that is not executable."""
    return output_file(path, executable=False, size=size, replace=False)


def _take_new_name(temporary: Path, path: Path) -> None:
    """Give a file its name unless another file has it: two builds at once must not replace each other's files."""
    try:
        os.link(temporary, path)
    except OSError as error:
        if path.exists():
            raise OutputError(f"{path}: another program wrote this file", "try again when it is done") from error
        temporary.replace(path)  # the file system has no hard links, for example FAT


def _try_size(file: BinaryIO, size: int) -> None:
    """Raise OSError if the file system allows no file of that size (lseek(2), EINVAL); only Linux reports it here."""
    try:
        file.seek(size)
    except OSError as error:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG)) from error
    file.seek(0)


def _hint(error: OSError) -> str:
    if error.errno == errno.EFBIG:
        return (
            "this disk cannot hold such a large file (FAT32 allows less than 4 GiB), or `ulimit -f` forbids it: choose "
            "another disk with -o, or split the weights with --layout pair --split-size 4GB"
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free some space on that disk, or choose another disk with -o"
    return "choose another place with -o"


def give_other_name(path: Path, name: Path) -> None:
    """Give a file another name in its folder without copying it: as a hard link, or as a clone that shares its blocks.

    Replaces a file of that name. Raises OutputError if the file system supports neither.
    """
    check_place(name)
    temporary = _temporary_name(name)
    try:
        try:
            os.link(path, temporary)
        except OSError as error:
            if not _clone(path, temporary):
                raise OutputError(
                    f"{name}: this file system has neither hard links nor clones: {error.strerror}",
                    f"copy {path.name} to {name.name}, or leave --names out",
                ) from error
        temporary.replace(name)
    finally:
        temporary.unlink(missing_ok=True)


def _clone(path: Path, target: Path) -> bool:
    """Make a new file that shares the blocks of the old one; False if the file system cannot (ioctl_ficlone(2))."""
    if not sys.platform.startswith("linux"):
        return False
    import fcntl

    with path.open("rb") as source, target.open("xb") as output:
        try:
            fcntl.ioctl(output.fileno(), _FICLONE, source.fileno())
        except OSError:
            return False
        os.fchmod(output.fileno(), path.stat().st_mode & 0o7777)
    return True


def _temporary_name(path: Path) -> Path:
    """A hidden, free name beside `path`. Removes a file that a killed build with the same process number left."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{temporary}: {error.strerror}", _hint(error)) from error
    return temporary


def _nameless_file(folder: Path) -> BinaryIO | None:
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None:
        return None
    with contextlib.suppress(OSError):
        return os.fdopen(os.open(folder, flag | os.O_RDWR, 0o600), "w+b")
    return None


def _give_name(file: BinaryIO, path: Path) -> None:
    """Give a nameless file a name (open(2), O_TMPFILE). With src_dir_fd Python calls linkat, which can follow links."""
    folder = os.open("/proc/self/fd", os.O_RDONLY)
    try:
        os.link(str(file.fileno()), path, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _mode(executable: bool) -> int:
    mask = os.umask(0)
    os.umask(mask)
    return (0o777 if executable else 0o666) & ~mask
