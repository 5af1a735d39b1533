"""Write one executable file out of a model."""

from __future__ import annotations

import dataclasses
import gzip
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mkexe import config
from mkexe.artifact import packing
from mkexe.artifact.contents import Contents
from mkexe.base import atomic_files, plain_text, resources
from mkexe.base.file_names import check_output_name
from mkexe.base.reporter import Reporter
from mkexe.commands.model_input import checked_name, described, model_file, name_of, read_projector
from mkexe.commands.page_folder import page_folder
from mkexe.commands.shape import check_split_size, with_layout, with_shards
from mkexe.commands.target_choice import choose_targets
from mkexe.commands.trial import Trial, tried_runtimes
from mkexe.errors import UsageError
from mkexe.layouts import deliver, registry
from mkexe.models import digests
from mkexe.models.memory import memory_needed
from mkexe.models.records import Model
from mkexe.page import branding
from mkexe.page import build as page_build
from mkexe.page.branding import Branding
from mkexe.runtimes import build as runtime_build
from mkexe.runtimes.records import Runtime


@dataclass(frozen=True)
class BuildRequest:
    """What `mkexe build` was asked for."""

    model: Path
    settings: config.BuildSettings
    page: Branding


def build(request: BuildRequest, reporter: Reporter) -> deliver.Built:
    """Check the model, get the runtimes and the page, write the artifact under its final name or not at all."""
    from mkexe.models.gguf.file import check_model
    from mkexe.models.gguf.kv_cache import read_kv_cache  # gguf comes with it: slow to import

    wanted = request.settings
    if wanted.output is not None:  # before minutes of compiling
        check_output_name(wanted.output)
        atomic_files.check_place(wanted.output)
    checked = check_model(request.model)
    name = checked_name(wanted.name or name_of(request.model))
    header = checked.header
    parts = tuple(model_file(path) for path in checked.parts)
    projector = None if wanted.projector is None else read_projector(wanted.projector, checked, parts)
    model = Model(*described(header, name), parts, projector)
    files = model.files
    chosen = tuple(choose_targets(wanted.targets, wanted.layout, reporter))
    check_split_size(wanted.layout, wanted.split_size)
    if wanted.layout != registry.AUTO:  # a wrong one is refused before anything is compiled
        registry.choose_layout(wanted.layout, chosen, model.size_bytes)
    trial = Trial(checked, projector, wanted.default_args)
    runtimes = tried_runtimes(chosen, trial, reporter)
    contents = Contents(
        name=name,
        layout=wanted.layout,
        model=model,
        runtimes=runtimes,
        packs=packing.pack_runtimes(runtimes, reporter) if wanted.layout not in registry.UNPACKED else (),
        files=_small_files(model, request.page, runtimes[0][1], reporter),
        page=dataclasses.replace(request.page, title=plain_text.cleaned(request.page.title) or model.name),
        default_args=wanted.default_args,
        created=_creation_time(),
        expected=digests.recall_files(files),
    )
    contents = with_shards(with_layout(contents, reporter), wanted.split_size)
    output = wanted.output or Path(registry.file_name(name, contents.layout, chosen))
    built, copied = deliver.deliver(contents, output, checked.quantization, [], reporter)
    if contents.model.parts == parts:  # cut into others they are nobody's files
        digests.remember_files(files, copied)
    memory = memory_needed(model.size_bytes, header.context_length, read_kv_cache(header))
    return dataclasses.replace(built, memory=memory)


def _creation_time() -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH where it is set (reproducible-builds.org), else now."""
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if text is None:
        return int(time.time())
    if not re.fullmatch(r"\d{1,11}", text):
        raise UsageError(f"SOURCE_DATE_EPOCH is {text!r}, expected seconds since 1970", "set it to a whole number")
    return int(text)


def _small_files(model: Model, settings: Branding, runtime: Runtime, reporter: Reporter) -> dict[str, bytes]:
    """Page, page settings and licences, by entry name in order."""
    built = branding.page_files(page_build.read_page(page_folder(reporter)), settings, model.name)
    # the settings stay readable: people look at them with any tool that reads ZIP files
    plain = {f"page/{branding.SETTINGS_FILE}": built.pop(branding.SETTINGS_FILE)}
    with ThreadPoolExecutor() as pool:
        files = plain | dict(pool.map(_stored, (f"page/{name}" for name in built), built.values()))
    files["licenses/mkexe.txt"] = (resources.source_root() / "LICENSE").read_bytes()
    files["licenses/runtime.txt"] = (runtime.path.parent / runtime_build.LICENSES).read_bytes()
    return dict(sorted(files.items()))


def _stored(entry: str, data: bytes) -> tuple[str, bytes]:
    """A page's file as it is stored: as gzip, with that ending, unless other programs read it, or it is sw.js.

    Upstream's server sends sw.js, which browsers must not keep, without asking how it is compressed.
    """
    if entry.endswith((".html", ".txt", ".png", "/sw.js")):
        return entry, data
    packed = gzip.compress(data, 9, mtime=0)
    return (f"{entry}.gz", packed) if len(packed) < len(data) else (entry, data)
