"""The orchestrator: puts the stages together for each command. Stages never call each other."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gzip
import importlib
import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from mkexe import assemble, boot, cache, compile, console, packing, page, render, resources, targets
from mkexe.container.manifest import Manifest
from mkexe.container.reader import Artifact, open_artifact, read_chunks, unpack_runtime, verify_artifact
from mkexe.copying import Copied
from mkexe.errors import ArtifactError, AuditError, OutputError, UsageError
from mkexe.model import Model, PageSettings, Part, Runtime, Target

# measured on 2 cores (docs/performance.md); said before a long wait
_MINUTES_PER_TARGET = 9
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ +-]*")


@dataclass(frozen=True)
class BuildRequest:
    """What `mkexe build` was asked for; empty strings and lists mean the default."""

    model: Path
    output: Path | None
    targets: list[str]
    name: str
    title: str
    system_prompt: str
    default_args: tuple[str, ...]


@dataclass(frozen=True)
class Built:
    """What `mkexe build` wrote. Sizes in bytes."""

    path: Path
    size: int
    weights: int
    sha256: str
    targets: tuple[str, ...]


def build(request: BuildRequest) -> Built:
    """Check the model, get the runtimes and the page, write the artifact under its final name or not at all."""
    from mkexe.sources.gguf_file import check_model  # gguf comes with it: slow to import

    checked = check_model(request.model)
    name = request.name or _name_of(request.model)
    if not _NAME.fullmatch(name):
        raise UsageError(f"the name {name!r} must be letters, digits, spaces and . _ + -", "choose one with --name")
    header = checked.header
    parts = tuple(Part(path, f"models/{path.name}", path.stat().st_size) for path in checked.parts)
    model = Model(header.name or name, header.architecture, header.license, parts)
    weights = sum(part.size_bytes for part in parts)
    chosen = _without_windows_if_too_large(_choose_targets(request.targets), request.targets, weights)
    runtimes = tuple((target, get_runtime(target)) for target in chosen)
    contents = assemble.Contents(
        name=name,
        model=model,
        runtimes=runtimes,
        packs=packing.pack_runtimes(runtimes, console.say),
        files=_small_files(name, model, request, runtimes[0][1]),
        page=PageSettings(request.title or model.name, request.system_prompt),
        default_args=request.default_args,
        created=_creation_time(),
        expected=_known_parts(parts),
    )
    layout = assemble.place_contents(contents)
    output = request.output or Path(f"{name}.exe" if layout.windows is not None else name)
    if output.is_dir():
        raise OutputError(f"{output}: is a folder", "name a file with -o")
    if not output.absolute().parent.is_dir():
        raise OutputError(
            f"{output}: the folder {output.absolute().parent} does not exist", "make it, or choose another"
        )
    if any(output.exists() and output.samefile(part.path) for part in parts):
        raise OutputError(f"{output}: is the model itself", "choose another name with -o")
    assemble.check_space(output.absolute().parent, assemble.needed_bytes(layout))
    with _output_file(output) as file, console.bytes_progress(f"writing {output.name}", weights) as progress:
        tools = assemble.Tools(render.render_launcher, _sbom_encoder(contents, checked.quantization))
        written = assemble.write_artifact(contents, layout, file, progress, tools)
    _remember_parts(parts, written.parts)
    return Built(output, written.size, weights, written.sha256, tuple(target.name for target in chosen))


def _sbom_encoder(contents: assemble.Contents, quantization: str) -> assemble.EncodeSbom:
    """Encode the bill of materials with a library that is slow to import: done beside the copying where that is first.

    Cyclonedx takes a quarter of a second to import, which a thread does while the weights are copied and hashed.
    """
    pool = ThreadPoolExecutor(1)
    module = pool.submit(importlib.import_module, "mkexe.sbom")
    pool.shutdown(wait=False)
    third_party = contents.files.get(f"page/{page.LICENSES}", b"").decode()

    def encode(manifest: Manifest) -> bytes:
        encoded: bytes = module.result().encode_sbom(manifest, quantization=quantization, third_party=third_party)
        return encoded

    return encode


def _known_parts(parts: tuple[Part, ...]) -> tuple[Copied, ...]:
    """What an earlier build found these files to be; empty unless all are known and look untouched since."""
    known = []
    for part in parts:
        record = cache.recall("weights", _facts_of(part))
        if record is None or set(record) != {field.name for field in dataclasses.fields(Copied)}:
            return ()
        known.append(Copied(**record))
    return tuple(known)


def _remember_parts(parts: tuple[Part, ...], found: tuple[Copied, ...]) -> None:
    for part, copied in zip(parts, found, strict=True):
        cache.remember("weights", _facts_of(part), dataclasses.asdict(copied))


def _facts_of(part: Part) -> dict[str, Any]:
    """What changes when the file's content does, almost always; the build looks at the content all the same."""
    status = part.path.stat()
    return {
        "device": status.st_dev, "inode": status.st_ino, "size": status.st_size,
        "modified_ns": status.st_mtime_ns, "changed_ns": status.st_ctime_ns,
    }  # fmt: skip


def get_runtime(target: Target) -> Runtime:
    """The runtime for a target: bundled, cached, or compiled now with a progress bar; audited when compiled."""
    found = compile.find_runtime(target)
    if found is not None:
        return found
    from mkexe import audit  # LIEF comes with it: slow to import

    with console.steps_progress(f"compiling {target.name}") as progress:
        runtime = compile.compile_runtime(target, progress)
    report = audit.audit_runtime(target.name, runtime.path.read_bytes())
    if report.findings:
        compile.discard_runtime(runtime)
        raise AuditError(f"{target.name}: " + "; ".join(report.findings), "this is a defect of mkexe: please report it")
    return runtime


def copy_for_bundling(runtime: Runtime, folder: Path) -> None:
    """Copy a runtime to `folder`/runtimes/TARGET and the page to `folder`/page: what a wheel carries."""
    shutil.copytree(runtime.path.parent, folder / "runtimes" / runtime.target, dirs_exist_ok=True)
    shutil.copytree(_page_folder(), folder / "page", dirs_exist_ok=True)


def boot_file(
    path: Path,
    wanted: list[str],
    question: boot.Question,
    timeout_s: float,
    report: Callable[[boot.BootResult], None],
) -> list[boot.BootResult]:
    """Start an artifact in every way there is here, and audit what cannot be started."""
    from mkexe import audit  # LIEF comes with it: slow to import

    def audit_image(target: str, image: bytes) -> tuple[tuple[str, ...], str]:
        found = audit.audit_runtime(target, image)
        facts = found.facts
        libraries = " ".join(str(name) for name in facts.get("libraries", ()))  # type: ignore[attr-defined]
        signature = ", every page of its signature recomputed" if facts.get("signed") else ""
        return found.findings, f"libraries {libraries or 'none'}, minimum {facts.get('minimum_os', 'none')}{signature}"

    artifact = open_artifact(path.absolute())
    return boot.boot_artifact(artifact, targets.choose_targets(wanted), question, timeout_s, audit_image, report)


def open_and_verify(path: Path) -> tuple[Artifact, list[str]]:
    """Open an artifact and look at every byte of it; returns it with what is wrong."""
    artifact = open_artifact(path)
    with console.bytes_progress(f"verifying {path.name}", artifact.size) as progress:
        return artifact, verify_artifact(artifact, progress)


def extract(path: Path, names: list[str], folder: Path) -> list[Path]:
    """Write entries (all without `names`) below `folder`; runtimes come out as executables.

    Raises ArtifactError for a name that is no entry or would leave `folder`, OutputError where writing fails.
    """
    artifact = open_artifact(path)
    writers = _extractable(artifact)
    unknown = [name for name in names if name not in writers]
    if unknown:
        raise ArtifactError(f"{path}: has no entry {unknown[0]!r}", "mkexe inspect lists them: " + ", ".join(writers))
    written = []
    with path.open("rb") as file:
        for name in names or list(writers):
            target = (folder / name).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise ArtifactError(f"{path}: the entry {name!r} would be written outside {folder}", "do not trust it")
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with _output_file(target, executable=name.startswith("runtimes/")) as output:
                    for chunk in writers[name](file):
                        output.write(chunk)
            except OSError as error:
                raise OutputError(f"{target}: {error.strerror}", "choose another folder with -C") from error
            written.append(target)
    return written


def _extractable(artifact: Artifact) -> dict[str, Callable[[BinaryIO], Iterator[bytes]]]:
    """What can be taken out, by name, with a function that reads it from the artifact's file."""
    manifest = artifact.manifest
    table = targets.all_targets()
    found: dict[str, Callable[[BinaryIO], Iterator[bytes]]] = {}
    for record in manifest.runtimes:
        suffix = table[record.target].suffix if record.target in table else ""
        unpack = functools.partial(unpack_runtime, manifest=manifest, runtime=record)
        found[f"runtimes/{record.target}{suffix}"] = unpack
    for item in [*(part for model in manifest.models for part in model.parts), *manifest.packs, *manifest.files]:
        if item.entry:
            found[item.entry] = functools.partial(read_chunks, offset=item.offset, size=item.size)
    found["manifest.json"] = lambda _: iter([artifact.manifest_text])
    return found


def _choose_targets(names: list[str]) -> list[Target]:
    """The targets to bundle: those asked for; else all whose runtime is there; else this machine."""
    table = targets.all_targets()
    if names:
        return [table[name] for name in targets.choose_targets(names)]
    present = [target for target in table.values() if compile.find_runtime(target) is not None]
    if present:
        missing = [name for name, target in table.items() if target not in present]
        if missing:
            console.say(f"not bundled, because not compiled yet: {', '.join(missing)}. {_how_to_get_all(len(missing))}")
        return present
    console.say(f"compiling the runtime for this machine only. {_how_to_get_all(len(table) - 1)}")
    return [table[targets.host_target()]]


def _how_to_get_all(count: int) -> str:
    return f"--target all adds the other systems, which takes about {count * _MINUTES_PER_TARGET} minutes once"


def _without_windows_if_too_large(chosen: list[Target], asked: list[str], weights: int) -> list[Target]:
    """Windows starts no program of 4 GiB: leave it out where that was not asked for by name."""
    windows = [target for target in chosen if target.system == assemble.WINDOWS_SYSTEM]
    if not windows or weights < assemble.WINDOWS_SIZE_MAXIMUM:
        return chosen
    fact = f"Windows starts no program of 4 GiB or more, and this model has {weights / (1 << 30):.2f} GiB"
    if any("windows" in name for name in asked) or len(chosen) == 1:
        raise UsageError(fact, "leave windows-x86_64 out")
    console.say(f"{windows[0].name} is left out: {fact}")
    return [target for target in chosen if target not in windows]


def _name_of(model: Path) -> str:
    """The model file's name without its ending and split number."""
    return re.sub(r"-\d{5}-of-\d{5}$", "", model.name.removesuffix(".gguf")) or "model"


def _creation_time() -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH where it is set (reproducible-builds.org), else now."""
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if text is None:
        return int(time.time())
    if not re.fullmatch(r"\d{1,11}", text):
        raise UsageError(f"SOURCE_DATE_EPOCH is {text!r}, expected seconds since 1970", "set it to a whole number")
    return int(text)


def _small_files(name: str, model: Model, request: BuildRequest, runtime: Runtime) -> dict[str, bytes]:
    """Page, page settings and licences, by entry name in order."""
    settings = {
        "title": request.title or model.name,
        "system_prompt": request.system_prompt,
        "model_name": model.name,
    }
    files = dict(_stored(f"page/{name}", data) for name, data in page.read_page(_page_folder()).items())
    files["page/build.json"] = (json.dumps(settings, indent=1, ensure_ascii=False) + "\n").encode()
    files["licenses/mkexe.txt"] = (resources.source_root() / "LICENSE").read_bytes()
    files["licenses/runtime.txt"] = (runtime.path.parent / compile.LICENSES).read_bytes()
    return dict(sorted(files.items()))


def _stored(entry: str, data: bytes) -> tuple[str, bytes]:
    """A page's file as it is stored: as gzip, with that ending, unless other programs read it, or it is sw.js.

    Upstream's server sends sw.js, which browsers must not keep, without asking how it is compressed.
    """
    if entry.endswith((".html", ".txt", "/sw.js")):
        return entry, data
    packed = gzip.compress(data, 9, mtime=0)
    return (f"{entry}.gz", packed) if len(packed) < len(data) else (entry, data)


def _page_folder() -> Path:
    """The built page: bundled with the package, cached, or built now."""
    if resources.bundled_page().is_dir():
        return resources.bundled_page()
    source = resources.source_root() / "templates"
    folder = cache.root() / "page" / page.page_key(source)
    with cache.locked("page"):
        if not folder.is_dir():
            console.say("building the page")
            with cache.new_folder(folder) as temporary:
                page.build_page(temporary, source, cache.root() / "logs" / "page.log")
    return folder


@contextlib.contextmanager
def _output_file(path: Path, executable: bool = True) -> Iterator[BinaryIO]:
    """A new file that gets its name when the block ends without an error; otherwise nothing stays, not even after kill.

    On Linux the file has no name until then (O_TMPFILE); elsewhere it has a hidden temporary one.
    """
    path = path.absolute()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _nameless_file(path.parent) or temporary.open("wb") as file, _interrupted_by_sigterm():
            yield file
            file.flush()
            if not temporary.exists():
                _give_name(file, temporary)
        temporary.chmod(_mode(executable))
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}", "choose another place with -o") from error
    finally:
        temporary.unlink(missing_ok=True)


def _nameless_file(folder: Path) -> BinaryIO | None:
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None:
        return None
    with contextlib.suppress(OSError):
        return os.fdopen(os.open(folder, flag | os.O_RDWR, 0o600), "w+b")
    return None


def _give_name(file: BinaryIO, path: Path) -> None:
    """Link a nameless file (open(2), O_TMPFILE). The folder makes Python call linkat, which follows the link in it."""
    folder = os.open("/proc/self/fd", os.O_RDONLY)
    try:
        os.link(str(file.fileno()), path, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _mode(executable: bool) -> int:
    mask = os.umask(0)
    os.umask(mask)
    return (0o777 if executable else 0o666) & ~mask


@contextlib.contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Treat SIGTERM like Ctrl-C, so that what is half-written goes away."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
