"""The orchestrator: puts the stages together for each command. Stages never call each other."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mkexe import (
    advice,
    assemble,
    boot,
    branding,
    cache,
    compile,
    config,
    console,
    delivery,
    extraction,
    known_weights,
    layouts,
    model_check,
    outputs,
    packaged,
    packing,
    page,
    plain_text,
    render,
    resources,
    server_options,
    targets,
    unbundle,
)
from mkexe.container import plan
from mkexe.container.reader import Artifact, open_artifact, verify_artifact
from mkexe.container.superblock import DAMAGED_HINT
from mkexe.copying import from_there, hash_part
from mkexe.errors import ArtifactError, AuditError, ToolMissingError, UsageError
from mkexe.file_names import check_model_name, check_output_name, find_name_problem
from mkexe.model import Model, Pack, PageSettings, Part, Projector, Runtime, Target

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from mkexe.sources.gguf_file import ModelFiles
    from mkexe.sources.gguf_model import GgufHeader

# measured on 2 cores (docs/performance.md); said before a long wait
_MINUTES_PER_TARGET = 9
# the packages of the extra that `mkexe preview` needs
_STUDIO = ("h11", "starlette", "uvicorn")
_STUDIO_HINT = 'pip install "mkexe[studio]"'
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
    split_size: int | None = None  # bytes


@dataclass(frozen=True)
class AdviceRequest:
    """What `mkexe advise` was asked for; no `targets` mean all that the layout can hold."""

    model: Path
    layout: str
    targets: tuple[str, ...]
    projector: Path | None = None


def build(request: BuildRequest) -> delivery.Built:
    """Check the model, get the runtimes and the page, write the artifact under its final name or not at all."""
    from mkexe.sources.gguf_cache import read_kv_cache  # gguf comes with it: slow to import
    from mkexe.sources.gguf_file import check_model

    wanted = request.settings
    if wanted.output is not None:  # before minutes of compiling
        check_output_name(wanted.output)
        outputs.check_place(wanted.output)
    checked = check_model(request.model)
    name = _checked_name(wanted.name or _name_of(request.model))
    header = checked.header
    parts = tuple(_part_of(path) for path in checked.parts)
    projector = None if wanted.projector is None else _read_projector(wanted.projector, checked, parts)
    model = Model(*_described(header, name), parts, projector)
    files = model.files
    chosen = tuple(_choose_targets(wanted.targets, wanted.layout))
    _check_split_size(wanted.layout, wanted.split_size)
    if wanted.layout != layouts.AUTO:  # a wrong one is refused before anything is compiled
        layouts.choose_layout(wanted.layout, chosen, model.size_bytes)
    trial = _Trial(checked, projector, wanted.default_args)
    runtimes = _tried_runtimes(chosen, trial)
    contents = assemble.Contents(
        name=name,
        layout=wanted.layout,
        model=model,
        runtimes=runtimes,
        packs=packing.pack_runtimes(runtimes, console.say) if wanted.layout not in layouts.UNPACKED else (),
        files=_small_files(model, request.page, runtimes[0][1]),
        page=dataclasses.replace(request.page, title=plain_text.cleaned(request.page.title) or model.name),
        default_args=wanted.default_args,
        created=_creation_time(),
        expected=known_weights.recall_files(files),
    )
    contents = _with_shards(_with_layout(contents), wanted.split_size)
    output = wanted.output or Path(layouts.file_name(name, contents.layout, chosen))
    built, copied = delivery.deliver(contents, output, checked.quantization, [])
    if contents.model.parts == parts:  # cut into others they are nobody's files
        known_weights.remember_files(files, copied)
    memory = advice.memory_needed(model.size_bytes, header.context_length, read_kv_cache(header))
    return dataclasses.replace(built, memory=memory)


def advise(request: AdviceRequest) -> advice.Advice:
    """Say what a build would be and what it would do on each system; nothing is compiled and nothing written.

    Raises ModelError and UsageError as a build would.
    """
    from mkexe.sources.gguf_cache import read_kv_cache  # gguf comes with it: slow to import
    from mkexe.sources.gguf_file import check_model

    checked = check_model(request.model)
    name = _checked_name(_name_of(request.model), "rename the model's file, or let `mkexe build --name` choose another")
    table = targets.all_targets()
    usual = ["host"] if request.layout == layouts.NATIVE else layouts.usual_targets(request.layout, table, table)
    chosen = tuple(table[target] for target in targets.choose_targets(list(request.targets) or usual))
    sizes = [header.size_bytes for header in checked.headers]
    weights = {layouts.beside_name(name, i + 1, len(sizes)): size for i, size in enumerate(sizes)}
    projector = None if request.projector is None else _read_projector(request.projector, checked, ())
    if projector is not None:
        weights[layouts.projector_name(name)] = projector.part.size_bytes
    choice = _choose_layout(request.layout, chosen, sum(weights.values()), advice.OVERHEAD_BYTES)
    if not _try(_Trial(checked, projector, ())):
        _say_untried(())
    return advice.advise(
        advice.Facts(
            name=layouts.file_name(name, choice.layout, chosen),
            weights=weights,
            largest_tensor=max(tensor.size_bytes for header in checked.headers for tensor in header.tensors),
            context_length=checked.header.context_length,
            cache=read_kv_cache(checked.header),
            layout=choice,
            targets=chosen,
        )
    )


def give_other_names(built: delivery.Built) -> delivery.Built:
    """Give the file the names under which it starts by a double click on each of its systems; no byte is copied.

    Raises OutputError where the file system has neither hard links nor clones; the file itself stays.
    """
    chosen = tuple(targets.all_targets()[name] for name in built.targets)
    names = layouts.other_names(built.path.name, built.layout, chosen)
    paths = tuple(built.path.with_name(name) for name in names)
    for path in paths:
        outputs.give_other_name(built.path, path)
    return dataclasses.replace(built, other_names=paths)


def add_checksum(built: delivery.Built) -> delivery.Built:
    """Hash the whole file, which takes about as long as to write it."""
    part = Part(built.path, built.path.name, built.size)
    with console.bytes_progress(f"hashing {built.path.name}", built.size) as progress:
        return dataclasses.replace(built, sha256=hash_part(part, progress).sha256)


def how_to_start(built: delivery.Built) -> str:
    """One line: how a person starts the file on each of its systems."""
    chosen = tuple(targets.all_targets()[name] for name in built.targets)
    return advice.how_to_start(built.layout, chosen, built.path.name, app=f"{built.name}.app")


def convert(request: ConvertRequest) -> delivery.Built:
    """Write an artifact in another layout, under its final name or not at all; the weights are copied and checked.

    Programs for systems that it holds none for are this mkexe's own.
    """
    _check_split_size(request.layout, request.split_size)
    if request.output is not None:
        check_output_name(request.output)
        outputs.check_place(request.output)
    with tempfile.TemporaryDirectory(prefix="mkexe-convert-") as folder, _named_for(request.artifact, folder):
        package = packaged.open_package(request.artifact, Path(folder))
        manifest = package.artifacts[0].manifest
        held = [record.target for artifact in package.artifacts for record in artifact.manifest.runtimes]
        wanted = tuple(targets.choose_targets(list(request.targets))) or _usual_targets(held, request.layout)
        bundle = unbundle.unbundle(package, wanted, Path(folder), programs=request.layout in layouts.UNPACKED)
        contents = assemble.Contents(
            name=_held_name(manifest.name, request.artifact),
            layout=request.layout,
            model=bundle.model,
            runtimes=_with_own(bundle.runtimes, wanted, request.artifact),
            packs=(),
            files=bundle.files,
            page=PageSettings(plain_text.cleaned(manifest.page["title"]), manifest.page.get("system_prompt", "")),
            default_args=manifest.default_args,
            created=plan.parse_time(manifest.created),
        )
        if request.layout not in layouts.UNPACKED:
            contents = _with_packs(contents, bundle.packs)
        contents = _with_layout(contents)
        expected = list(bundle.expected)
        if request.split_size is not None:
            _check_parts(bundle)  # what is written has other hashes
            contents, expected = _with_shards(contents, request.split_size), []
        chosen = tuple(target for target, _ in contents.runtimes)
        output = request.output or Path(layouts.file_name(contents.name, contents.layout, chosen))
        return delivery.deliver(contents, output, bundle.quantization, expected)[0]


@contextlib.contextmanager
def _named_for(path: Path, folder: str) -> Iterator[None]:
    """What is damaged in `folder` was taken out of `path`, which is what a person knows."""
    try:
        yield
    except ArtifactError as error:
        message = re.sub(re.escape(folder) + r"[\\/]\w+", lambda _: str(path), error.message)
        raise ArtifactError(message, error.hint, error.detail) from error


def _held_name(name: str, path: Path) -> str:
    """An artifact's name, which becomes that of a file."""
    if not _NAME.fullmatch(name):
        raise ArtifactError(f"{path}: the name {name!r} cannot be that of a file", DAMAGED_HINT)
    return name


def _usual_targets(held: list[str], layout: str) -> tuple[str, ...]:
    """The targets where nobody chose: of those `held`, what the layout can hold; what a build would take, if none."""
    if layout == layouts.NATIVE and len(held) == 1:
        return tuple(held)
    if layout == layouts.NATIVE:
        return (targets.host_target(),)
    if layout in layouts.UNPACKED:
        table = targets.all_targets()
        held = layouts.usual_targets(layout, [name for name in held if name in table], table)
    return tuple(held or (target.name for target in _choose_targets((), layout)))


def _with_own(
    held: tuple[tuple[Target, Runtime], ...], wanted: tuple[str, ...], path: Path
) -> tuple[tuple[Target, Runtime], ...]:
    """The runtimes that a file holds, and this mkexe's own for `wanted` targets that it holds none for."""
    table = targets.all_targets()
    missing = [name for name in wanted if name not in {target.name for target, _ in held}]
    if missing:
        console.say(f"{path} holds no program for {', '.join(missing)}: this mkexe's own is taken")
    own = tuple((table[name], get_runtime(table[name])) for name in missing)
    return tuple(sorted(held + own, key=lambda item: wanted.index(item[0].name)))


def _check_split_size(layout: str, maximum: int | None) -> None:
    if maximum is not None and layout != layouts.PAIR:
        message = f"--split-size cuts the files that lie beside layout pair, and this is layout {layout}"
        raise UsageError(message, "add --layout pair, or leave it out")


def _with_shards(contents: assemble.Contents, maximum: int | None) -> assemble.Contents:
    """The contents with a model of files of at most `maximum` bytes."""
    if maximum is None:
        return contents
    from mkexe.sources.gguf_shards import cut_into_shards  # gguf comes with it: slow to import

    model = dataclasses.replace(contents.model, parts=cut_into_shards(contents.model.parts, maximum))
    return dataclasses.replace(contents, model=model, expected=())


def _check_parts(bundle: unbundle.Bundle) -> None:
    """Compare the weights with what their artifact says of them."""
    with console.bytes_progress("checking the weights", bundle.model.size_bytes) as progress:
        done = 0
        found = []
        for part in bundle.model.files:
            found.append(hash_part(part, from_there(done, progress)))
            done += part.size_bytes
    delivery.check_weights(bundle.model, tuple(found), list(bundle.expected))


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
    chosen = tuple(target for target, _ in contents.runtimes)
    choice = _choose_layout(contents.layout, chosen, contents.model.size_bytes, small + programs)
    if choice.reason:
        console.say(f"layout {choice.layout}: {choice.reason}")
    return dataclasses.replace(contents, layout=choice.layout)


def _choose_layout(wanted: str, chosen: tuple[Target, ...], weights: int, other: int) -> layouts.Choice:
    """What `wanted` means for `weights` bytes, which some layouts keep out of the artifact, and `other` bytes in it."""
    return layouts.choose_layout(wanted, chosen, other + (0 if wanted in layouts.WEIGHTS_BESIDE else weights))


def preview(model: Path | None, config_file: Path, required: bool, port: int) -> None:
    """Serve the page as `config_file` makes it, until Ctrl-C; without `model` the answers are scripted.

    A file that is not `required` may be missing, and may come later.
    """
    with _needing_studio():
        from mkexe import preview as preview_stage
        from mkexe import serving

    if required:
        config.read_config(config_file)  # a wrong name is refused at once
    with contextlib.ExitStack() as open_things:
        name, answers = open_things.enter_context(_answering(model))
        source = preview_stage.PageSource(
            load=lambda: branding.page_files(
                page.read_page(_page_folder()), config.page_settings(_entries_of(config_file, required)), name
            ),
            watched=lambda: _watched_files(config_file),
            content_security_policy=page.CONTENT_SECURITY_POLICY,
        )
        server = serving.LoopbackServer(preview_stage.PreviewApplication(source, answers), port)
        open_things.callback(server.stop)
        console.result(f"http://{serving.LOOPBACK}:{server.port}/")
        console.say(f"the page loads again when {config_file}, its files or the page's sources change; Ctrl-C ends")
        with contextlib.suppress(KeyboardInterrupt):
            server.wait()


@contextlib.contextmanager
def _needing_studio() -> Iterator[None]:
    """Explain what is missing where the modules that serve cannot be imported."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _STUDIO:
            raise
        raise ToolMissingError(f"the Python package {error.name} is not installed", _STUDIO_HINT) from error


@contextlib.contextmanager
def _answering(model: Path | None) -> Iterator[tuple[str, ASGIApp]]:
    """The name of what answers, and the application that does."""
    from mkexe import forwarding, scripted

    if model is None:
        yield scripted.MODEL_NAME, scripted.StandIn().application
        return
    folder = cache.root() / "preview"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        artifact = Path(name) / "preview.exe"
        settings = config.BuildSettings(artifact, (targets.host_target(),), "preview", (), layouts.AUTO)
        build(BuildRequest(model, settings, PageSettings()))
        title = open_artifact(artifact).manifest.page["title"]
        with boot.serving(artifact, Path(name)) as port:
            yield title, forwarding.Forwarder(port)


def _entries_of(config_file: Path, required: bool) -> config.Entries:
    return config.read_config(config_file) if required or os.path.lexists(config_file) else {}


def _watched_files(config_file: Path) -> list[Path]:
    """What decides the page: the file, what it names, and the page's sources where it is built from them."""
    watched = [config_file]
    with contextlib.suppress(UsageError):
        watched += config.named_files(config.read_config(config_file))
    if not resources.bundled_page().is_dir():
        watched += (resources.source_root() / "templates" / "webui").rglob("*")
    return watched


def _part_of(path: Path) -> Part:
    """A whole file, under the name that it has; what no entry's name may hold (docs/FORMAT.md) is replaced."""
    check_model_name(path)
    name = re.sub(r"[\\:]", "_", plain_text.cleaned(path.name))
    return Part(path, f"models/{name}", path.stat().st_size)


def _described(header: GgufHeader, name: str) -> tuple[str, str, str]:
    """What a model says of itself, without control characters: its name (or `name`), architecture and licence."""
    said, architecture, licence = map(plain_text.cleaned, (header.name, header.architecture, header.license))
    return said or plain_text.cleaned(name) or "model", architecture, licence


def _read_projector(path: Path, model: ModelFiles, beside: tuple[Part, ...]) -> Projector:
    """The checked projector at `path`, under a name that none of the model's parts has."""
    from mkexe.sources.gguf_file import check_projector  # gguf comes with it: slow to import

    header = check_projector(path, model.header)
    part = _part_of(path)
    if any(part.entry == other.entry for other in beside):
        part = dataclasses.replace(part, entry=f"models/mmproj-{path.name}")
    return Projector(*_described(header, _name_of(path)), part)


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
    outputs.copy_folder(runtime.path.parent, folder / "runtimes" / runtime.target)
    outputs.copy_folder(_page_folder(), folder / "page")


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
    """Write entries (all without `names`) below `folder`; runtimes come out as executables."""
    return extraction.extract_entries(open_artifact(path), names, folder)


def _choose_targets(names: tuple[str, ...], layout: str) -> list[Target]:
    """The targets to bundle: those asked for; else all whose runtime is there; else this machine.

    Layout native holds one, so that it is this machine's where none was asked for; those of one system hold its own.
    """
    table = targets.all_targets()
    if layout == layouts.NATIVE and not names:
        names = ("host",)
    if names:
        return [table[name] for name in targets.choose_targets(list(names))]
    fitting = [table[name] for name in layouts.usual_targets(layout, table, table)]
    present = [target for target in fitting if compile.find_runtime(target) is not None]
    if present:
        missing = [target.name for target in fitting if target not in present]
        if missing:
            console.say(f"not bundled, because not compiled yet: {', '.join(missing)}. {_how_to_get_all(len(missing))}")
        return present
    console.say(f"compiling the runtime for this machine only. {_how_to_get_all(len(table) - 1)}")
    return [table[targets.host_target()]]


def _how_to_get_all(count: int) -> str:
    return f"--target all adds the other systems, which takes about {count * _MINUTES_PER_TARGET} minutes once"


def _checked_name(name: str, hint: str = "choose another with --name") -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"the name {name!r} must be letters, digits, spaces and . _ + -", hint)
    if problem := find_name_problem(name):
        raise UsageError(f"the name {name[:40]!r} {problem}", hint)
    return name


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
    with ThreadPoolExecutor() as pool:
        files = plain | dict(pool.map(_stored, (f"page/{name}" for name in built), built.values()))
    files["licenses/mkexe.txt"] = (resources.source_root() / "LICENSE").read_bytes()
    files["licenses/runtime.txt"] = (runtime.path.parent / compile.LICENSES).read_bytes()
    return dict(sorted(files.items()))


@dataclass(frozen=True)
class _Trial:
    """What this machine's runtime is asked before anything is written, whatever the targets are."""

    files: ModelFiles
    projector: Projector | None
    default_args: tuple[str, ...]


def _tried_runtimes(chosen: tuple[Target, ...], trial: _Trial) -> tuple[tuple[Target, Runtime], ...]:
    """The runtimes of `chosen`; the model is tried as soon as it can be, not after minutes of compiling for others."""
    tried = _try(trial)
    if not tried:
        for target in chosen:
            if target.name == _host_name():
                get_runtime(target)
        tried = _try(trial)
    if not tried:
        _say_untried(trial.default_args)
    return tuple((target, get_runtime(target)) for target in chosen)


def _say_untried(default_args: tuple[str, ...]) -> None:
    name = _host_name()
    why = "the runtime for this machine is not compiled (mkexe runtime build)" if name else "none runs on this machine"
    if default_args:
        console.say(f"the default options were not checked: {why}")
    console.say(f"the model was not tried: {why}")


def _try(trial: _Trial) -> bool:
    """Let this machine's runtime read the default options and load the model: what it cannot use is refused here.

    False where there is no such runtime.
    """
    runtime = _host_runtime()
    if runtime is None:
        return False
    if trial.default_args:
        _check_default_args(trial.default_args, runtime)
    question = model_check.Question(
        model=trial.files.parts[0],
        projector=None if trial.projector is None else trial.projector.part.path,
        context_length=trial.files.header.context_length,
        size_bytes=trial.files.size_bytes,
        default_args=trial.default_args,
    )
    unchecked = model_check.check_model(question, runtime)
    if unchecked:
        console.say(unchecked)
    return True


def _check_default_args(arguments: tuple[str, ...], runtime: Runtime) -> None:
    with tempfile.TemporaryDirectory(prefix="mkexe-options-") as name:
        artifact = Path(name) / "artifact"
        _write_empty_artifact(artifact)
        unchecked = server_options.check_options(arguments, runtime, artifact)
    if unchecked:
        console.say(unchecked)


def _host_runtime() -> Runtime | None:
    name = _host_name()
    return compile.find_runtime(targets.all_targets()[name]) if name else None


def _host_name() -> str:
    """The target that this machine is; empty where it is none."""
    try:
        return targets.host_target()
    except UsageError:
        return ""


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
    if entry.endswith((".html", ".txt", ".png", "/sw.js")):
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
            log = cache.root() / "logs" / "page.log"
            log.unlink(missing_ok=True)
            with cache.new_folder(folder) as temporary:
                page.build_page(temporary, source, log)
            cache.keep_newest(folder.parent, "*")
    return folder
