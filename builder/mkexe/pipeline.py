"""The orchestrator: puts the stages together for each command. Stages never call each other."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gzip
import importlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from mkexe import (
    assemble,
    beside,
    boot,
    branding,
    cache,
    compile,
    config,
    console,
    layouts,
    outputs,
    packing,
    page,
    render,
    resources,
    scripted,
    server_options,
    targets,
    unbundle,
)
from mkexe import preview as preview_stage
from mkexe.container import plan
from mkexe.container.manifest import Manifest
from mkexe.container.reader import Artifact, open_artifact, read_chunks, unpack_runtime, verify_artifact
from mkexe.copying import Copied
from mkexe.errors import ArtifactError, AuditError, OutputError, UsageError
from mkexe.model import Model, Pack, PageSettings, Part, Runtime, Target

# measured on 2 cores (docs/performance.md); said before a long wait
_MINUTES_PER_TARGET = 9
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ +-]*")


@dataclass(frozen=True)
class BuildRequest:
    """What `mkexe build` was asked for."""

    model: Path
    settings: config.BuildSettings
    page: PageSettings


@dataclass(frozen=True)
class ConvertRequest:
    """What `mkexe convert` was asked for; `output` None and no `targets` mean the default."""

    artifact: Path
    layout: str
    output: Path | None
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Built:
    """What `mkexe build` and `mkexe convert` wrote. Sizes in bytes; `beside` are the files that belong to `path`."""

    path: Path
    layout: str
    size: int
    weights: int
    sha256: str
    targets: tuple[str, ...]
    beside: tuple[Path, ...]
    other_names: tuple[Path, ...] = ()


def build(request: BuildRequest) -> Built:
    """Check the model, get the runtimes and the page, write the artifact under its final name or not at all."""
    from mkexe.sources.gguf_file import check_model  # gguf comes with it: slow to import

    checked = check_model(request.model)
    wanted = request.settings
    name = wanted.name or _name_of(request.model)
    if not _NAME.fullmatch(name):
        raise UsageError(f"the name {name!r} must be letters, digits, spaces and . _ + -", "choose one with --name")
    header = checked.header
    parts = tuple(Part(path, f"models/{path.name}", path.stat().st_size) for path in checked.parts)
    model = Model(header.name or name, header.architecture, header.license, parts)
    chosen = tuple(_choose_targets(wanted.targets, wanted.layout))
    if wanted.layout != layouts.AUTO:  # a wrong one is refused before anything is compiled
        layouts.choose_layout(wanted.layout, chosen, model.size_bytes)
    runtimes = tuple((target, get_runtime(target)) for target in chosen)
    _check_default_args(wanted.default_args)
    contents = assemble.Contents(
        name=name,
        layout=wanted.layout,
        model=model,
        runtimes=runtimes,
        packs=packing.pack_runtimes(runtimes, console.say) if wanted.layout != layouts.NATIVE else (),
        files=_small_files(model, request.page, runtimes[0][1]),
        page=dataclasses.replace(request.page, title=request.page.title or model.name),
        default_args=wanted.default_args,
        created=_creation_time(),
        expected=_known_parts(parts),
    )
    contents = _with_layout(contents)
    output = wanted.output or Path(layouts.file_name(name, contents.layout, chosen))
    built, copied = _write(contents, output, checked.quantization, [])
    _remember_parts(parts, copied)
    return built


def give_other_names(built: Built) -> Built:
    """Give the file the names under which it starts by a double click on each of its systems; no byte is copied.

    Raises OutputError where the file system has neither hard links nor clones; the file itself stays.
    """
    chosen = tuple(targets.all_targets()[name] for name in built.targets)
    names = layouts.other_names(built.path.name, built.layout, chosen)
    paths = tuple(built.path.with_name(name) for name in names)
    for path in paths:
        outputs.give_other_name(built.path, path)
    return dataclasses.replace(built, other_names=paths)


def convert(request: ConvertRequest) -> Built:
    """Write an artifact in another layout, under its final name or not at all; the weights are copied and checked."""
    artifact = open_artifact(request.artifact)
    manifest = artifact.manifest
    wanted = tuple(targets.choose_targets(list(request.targets)))
    if request.layout == layouts.NATIVE and not wanted and len(manifest.runtimes) > 1:
        wanted = (targets.host_target(),)
    with tempfile.TemporaryDirectory(prefix="mkexe-convert-") as folder:
        bundle = unbundle.unbundle(artifact, wanted, Path(folder))
        contents = assemble.Contents(
            name=manifest.name,
            layout=request.layout,
            model=bundle.model,
            runtimes=bundle.runtimes,
            packs=(),
            files=bundle.files,
            page=PageSettings(manifest.page["title"], manifest.page.get("system_prompt", "")),
            default_args=manifest.default_args,
            created=plan.parse_time(manifest.created),
            expected=bundle.known,
        )
        if request.layout != layouts.NATIVE:
            contents = _with_packs(contents, bundle.packs)
        contents = _with_layout(contents)
        chosen = tuple(target for target, _ in bundle.runtimes)
        output = request.output or Path(layouts.file_name(manifest.name, contents.layout, chosen))
        return _write(contents, output, bundle.quantization, list(bundle.expected))[0]


def _with_packs(contents: assemble.Contents, packs: tuple[Pack, ...]) -> assemble.Contents:
    """The contents with `packs` where these hold all that must be packed; else everything is packed anew."""
    runtimes = tuple((target, _with_unpacker(target, runtime)) for target, runtime in contents.runtimes)
    packed = {name for pack in packs for name in pack.offsets}
    if packed != {target.name for target, runtime in runtimes if runtime.unpacker is not None}:
        packs = packing.pack_runtimes(runtimes, console.say)
    return dataclasses.replace(contents, runtimes=runtimes, packs=packs)


def _with_unpacker(target: Target, runtime: Runtime) -> Runtime:
    """A runtime from a native artifact comes without the program that unpacks it: this mkexe's own is taken."""
    if runtime.unpacker is not None or target.system == layouts.WINDOWS:
        return runtime
    return dataclasses.replace(runtime, unpacker=get_runtime(target).unpacker)


def _with_layout(contents: assemble.Contents) -> assemble.Contents:
    """The contents with the layout that they get; says why where the size decides."""
    small = sum(pack.path.stat().st_size for pack in contents.packs) + sum(map(len, contents.files.values()))
    programs = sum(runtime.size_bytes for target, runtime in contents.runtimes if target.system == layouts.WINDOWS)
    weights = 0 if contents.layout == layouts.PAIR else contents.model.size_bytes
    chosen = tuple(target for target, _ in contents.runtimes)
    choice = layouts.choose_layout(contents.layout, chosen, weights + small + programs)
    if choice.reason:
        console.say(f"layout {choice.layout}: {choice.reason}")
    return dataclasses.replace(contents, layout=choice.layout)


def _write(
    contents: assemble.Contents, output: Path, quantization: str, expected: list[str]
) -> tuple[Built, tuple[Copied, ...]]:
    """Write an artifact and what lies beside it; `expected` are the SHA-256 that the weights must have, if known."""
    chosen = tuple(target for target, _ in contents.runtimes)
    beside_paths = _beside_paths(contents, output)
    _check_output(contents, output, chosen)
    placed = assemble.place_contents(contents)
    room = sum(part.size_bytes for part in contents.model.parts) if beside_paths else 0
    assemble.check_space(output.absolute().parent, assemble.needed_bytes(placed) + room)
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(outputs.output_file(output))
        progress = stack.enter_context(console.bytes_progress(f"writing {output.name}", contents.model.size_bytes))
        copied: tuple[Copied, ...] = ()
        if beside_paths:
            found = beside.write_beside(contents.model.parts, beside_paths, stack, outputs.data_file, progress)
            records = tuple(item.record for item in found)
            contents = dataclasses.replace(contents, beside=records, expected=())
            copied = tuple(item.copied for item in found)
        tools = assemble.Tools(render.render_launcher, _sbom_encoder(contents, quantization))
        written = assemble.write_artifact(contents, placed, file, progress, tools)
        copied = copied or written.parts
        _check_weights(contents.model, copied, expected)
    weights = contents.model.size_bytes
    names = tuple(target.name for target in chosen)
    return Built(output, contents.layout, written.size, weights, written.sha256, names, tuple(beside_paths)), copied


def _beside_paths(contents: assemble.Contents, output: Path) -> list[Path]:
    if contents.layout != layouts.PAIR:
        return []
    count = len(contents.model.parts)
    stem = output.name.removesuffix(".exe")
    return [output.with_name(layouts.beside_name(stem, number + 1, count)) for number in range(count)]


def _check_output(contents: assemble.Contents, output: Path, chosen: tuple[Target, ...]) -> None:
    """Raise where the artifact cannot or should not have that name."""
    if output.is_dir():
        raise OutputError(f"{output}: is a folder", "name a file with -o")
    if not output.absolute().parent.is_dir():
        raise OutputError(
            f"{output}: the folder {output.absolute().parent} does not exist", "make it, or choose another"
        )
    parts = contents.model.parts
    if any(part.offset == 0 and output.exists() and output.samefile(part.path) for part in parts):
        raise OutputError(f"{output}: is the model itself", "choose another name with -o")
    if contents.layout == layouts.SCRIPT and any(target.system == layouts.WINDOWS for target in chosen):
        if output.suffix.lower() == ".exe":
            raise UsageError(
                f"{output}: Windows starts layout script only under a name that ends in .cmd",
                f"choose -o {output.with_suffix('.cmd').name}, or another --layout",
            )
        if output.suffix.lower() not in (".cmd", ".bat"):
            console.say(f"on Windows, {output.name} must be given a name that ends in .cmd")


def _check_weights(model: Model, copied: tuple[Copied, ...], expected: list[str]) -> None:
    for part, found, wanted in zip(model.parts, copied, expected, strict=bool(expected)):
        if found.sha256 != wanted:
            raise ArtifactError(
                f"{part.path}: {part.entry} at offset {part.offset} is damaged: expected SHA-256 {wanted}, found "
                f"{found.sha256}",
                "this copy is damaged; get it again",
            )


def preview(model: Path | None, config_file: Path, required: bool, port: int) -> None:
    """Serve the page as `config_file` makes it, until Ctrl-C; without `model` the answers are scripted.

    A file that is not `required` may be missing, and may come later.
    """
    if required:
        config.read_config(config_file)  # a wrong name is refused at once
    with contextlib.ExitStack() as open_things:
        open_things.enter_context(outputs.interrupted_by_sigterm())
        name, answers = open_things.enter_context(_answering(model))
        source = preview_stage.PageSource(
            load=lambda: branding.page_files(
                page.read_page(_page_folder()), config.page_settings(_entries_of(config_file, required)), name
            ),
            watched=lambda: _watched_files(config_file),
            content_security_policy=page.CONTENT_SECURITY_POLICY,
        )
        server = preview_stage.PreviewServer(source, answers, port)
        console.result(f"http://{preview_stage.LOOPBACK}:{server.port}/")
        console.say(f"the page loads again when {config_file}, its files or the page's sources change; Ctrl-C ends")
        with contextlib.suppress(KeyboardInterrupt):
            server.serve()


@contextlib.contextmanager
def _answering(model: Path | None) -> Iterator[tuple[str, int]]:
    """The name of what answers, and the port where it does."""
    if model is None:
        scripted_server = scripted.ScriptedServer()
        try:
            yield scripted.MODEL_NAME, scripted_server.port
        finally:
            scripted_server.stop()
        return
    folder = cache.root() / "preview"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        artifact = Path(name) / "preview.exe"
        settings = config.BuildSettings(artifact, (targets.host_target(),), "preview", (), layouts.AUTO)
        build(BuildRequest(model, settings, PageSettings()))
        title = open_artifact(artifact).manifest.page["title"]
        with boot.serving(artifact, Path(name)) as port:
            yield title, port


def _entries_of(config_file: Path, required: bool) -> config.Entries:
    return config.read_config(config_file) if required or config_file.is_file() else {}


def _watched_files(config_file: Path) -> list[Path]:
    """What decides the page: the file, what it names, and the page's sources where it is built from them."""
    watched = [config_file]
    with contextlib.suppress(UsageError):
        watched += config.named_files(config.read_config(config_file))
    if not resources.bundled_page().is_dir():
        watched += (resources.source_root() / "templates" / "webui").rglob("*")
    return watched


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
                with outputs.output_file(target, executable=name.startswith("runtimes/")) as output:
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
        unpack = functools.partial(unpack_runtime, artifact=artifact, runtime=record)
        found[f"runtimes/{record.target}{suffix}"] = unpack
    for item in [*manifest.weights(), *manifest.packs, *manifest.files]:
        if item.entry:
            found[item.entry] = functools.partial(read_chunks, offset=item.offset, size=item.size)
    found["manifest.json"] = lambda _: iter([artifact.manifest_text])
    return found


def _choose_targets(names: tuple[str, ...], layout: str) -> list[Target]:
    """The targets to bundle: those asked for; else all whose runtime is there; else this machine.

    Layout native holds one, so that it is this machine's where none was asked for.
    """
    table = targets.all_targets()
    if layout == layouts.NATIVE and not names:
        names = ("host",)
    if names:
        return [table[name] for name in targets.choose_targets(list(names))]
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


def _small_files(model: Model, settings: PageSettings, runtime: Runtime) -> dict[str, bytes]:
    """Page, page settings and licences, by entry name in order."""
    built = branding.page_files(page.read_page(_page_folder()), settings, model.name)
    # the settings stay readable: people look at them with any tool that reads ZIP files
    plain = {f"page/{branding.SETTINGS_FILE}": built.pop(branding.SETTINGS_FILE)}
    files = plain | dict(_stored(f"page/{name}", data) for name, data in built.items())
    files["licenses/mkexe.txt"] = (resources.source_root() / "LICENSE").read_bytes()
    files["licenses/runtime.txt"] = (runtime.path.parent / compile.LICENSES).read_bytes()
    return dict(sorted(files.items()))


def _check_default_args(arguments: tuple[str, ...]) -> None:
    """Let this machine's runtime read the default options, where there is one; a wrong one is refused here."""
    if not arguments:
        return
    runtime = _host_runtime()
    if runtime is None:
        console.say("the default options were not checked: the runtime for this machine is not compiled")
        return
    with tempfile.TemporaryDirectory(prefix="mkexe-options-") as name:
        artifact = Path(name) / "artifact"
        _write_empty_artifact(artifact)
        unchecked = server_options.check_options(arguments, runtime, artifact)
    if unchecked:
        console.say(unchecked)


def _host_runtime() -> Runtime | None:
    try:
        return compile.find_runtime(targets.all_targets()[targets.host_target()])
    except UsageError:
        return None


def _write_empty_artifact(path: Path) -> None:
    """An artifact without programs and weights, for what a runtime can tell without them."""
    weights = path.with_suffix(".gguf")
    weights.write_bytes(b"GGUF")
    model = Model("empty", "none", "", (Part(weights, "models/empty.gguf", weights.stat().st_size),))
    contents = assemble.Contents("empty", layouts.SCRIPT, model, (), (), {}, PageSettings("empty"), (), 0)
    with path.open("w+b") as file:
        tools = assemble.Tools(render.render_launcher, lambda _: b"{}")
        assemble.write_artifact(contents, assemble.place_contents(contents), file, lambda _: None, tools)


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
