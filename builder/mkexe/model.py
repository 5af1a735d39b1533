"""The records that stages hand to each other. Frozen, without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """One OS and processor (native/targets.toml explains the fields)."""

    name: str
    triple: str
    system: str
    processor: str
    uname: tuple[str, str]
    suffix: str
    runner: str


@dataclass(frozen=True)
class Runtime:
    """A compiled runtime: `path` is the executable, `build` says what it was made from.

    `unpacker` is the program that unpacks runtimes on that system, as gzip; None on Windows, which needs none.
    """

    target: str
    path: Path
    unpacker: Path | None
    sha256: str
    size_bytes: int
    build: dict[str, str]


@dataclass(frozen=True)
class Pack:
    """Runtimes packed together, under the name it gets in the artifact; `offsets` are bytes in what it unpacks to."""

    entry: str
    path: Path
    offsets: dict[str, int]


@dataclass(frozen=True)
class Part:
    """One GGUF file of a model, with the name it gets in the artifact: `prefix`, then bytes of `path` from `offset` on.

    `size_bytes` counts both. A whole file has neither prefix nor offset.
    """

    path: Path
    entry: str
    size_bytes: int
    offset: int = 0
    prefix: bytes = b""

    @property
    def is_file(self) -> bool:
        """Whether it is all that lies at `path`."""
        return self.offset == 0 and not self.prefix


@dataclass(frozen=True)
class Projector:
    """What lets a text model see or hear: one GGUF, which llama.cpp calls mmproj."""

    name: str
    architecture: str
    license: str
    part: Part


@dataclass(frozen=True)
class Model:
    """A model to bundle: one part, or the parts of a split GGUF in order; and its projector, if it has one."""

    name: str
    architecture: str
    license: str
    parts: tuple[Part, ...]
    projector: Projector | None = None

    @property
    def files(self) -> tuple[Part, ...]:
        """The parts, and the projector's after them: all that is copied."""
        return self.parts if self.projector is None else (*self.parts, self.projector.part)

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(part.size_bytes for part in self.files)


@dataclass(frozen=True)
class KvCache:
    """What a model keeps of each token of a chat, in bytes; where it is not `exact`, it keeps at most that."""

    token_bytes: int
    exact: bool


@dataclass(frozen=True)
class Preset:
    """What a builder gave a setting of the page; who chats cannot change it where it is locked."""

    value: object
    locked: bool


@dataclass(frozen=True)
class PageSettings:
    """What the page shows and sends; `icon` is a PNG. None, and an empty title, stand for what was not given."""

    title: str = ""
    system_prompt: str = ""
    accent: str | None = None
    greeting: str | None = None
    questions: tuple[str, ...] | None = None
    footer: str | None = None
    about: str | None = None
    links: bool | None = None
    language: str | None = None
    settings: dict[str, Preset] | None = None
    icon: bytes | None = None


@dataclass(frozen=True)
class LauncherRow:
    """One runtime that the head's script can unpack.

    Its unpacker is a gzip stream of `size` bytes at `offset`. The runtime is `unpacked_size` bytes from `pack_skip` on
    of what the .xz stream of `pack_size` bytes at `pack_offset` unpacks to.
    """

    uname: tuple[str, str]
    offset: int
    size: int
    pack_offset: int
    pack_size: int
    pack_skip: int
    unpacked_size: int
    unpacked_sha256: str


@dataclass(frozen=True)
class StoredProgram:
    """Windows' program, stored as it is: an entry of `size` bytes at `offset`."""

    entry: str
    offset: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Launcher:
    """What the script in an artifact's head must know: `targets` are the names of all runtimes inside.

    `starts_on_windows` where the artifact is a program for Windows itself; `windows` where the script has to take one
    out there.
    """

    rows: tuple[LauncherRow, ...]
    targets: tuple[str, ...]
    starts_on_windows: bool
    windows: StoredProgram | None
