"""Build one executable file from a model."""

from __future__ import annotations

import dataclasses
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from mkexe.artifact import packing
from mkexe.artifact.contents import Contents
from mkexe.artifact.page_entries import small_files
from mkexe.base import atomic_files, plain_text
from mkexe.base.file_names import check_output_name
from mkexe.base.reporter import Reporter
from mkexe.config.checked_options import BuildSettings
from mkexe.errors import UsageError
from mkexe.layouts import deliver
from mkexe.layouts.layout_choice import check_split_size, cut_models, decide_layout
from mkexe.layouts.names import AUTO
from mkexe.layouts.registry import LAYOUTS, packs_programs
from mkexe.layouts.target_choice import choose_targets
from mkexe.models.digests import recall_files, remember_files
from mkexe.models.memory import memory_needed
from mkexe.models.reading import checked_name, name_of, read_models
from mkexe.page.branding import Branding
from mkexe.page.page_folder import branded_page
from mkexe.trial.try_model import Trial, tried_runtimes


@dataclass(frozen=True)
class BuildRequest:
    """The arguments of `mkexe build`."""

    model: Path
    settings: BuildSettings
    page: Branding


def build(request: BuildRequest, reporter: Reporter) -> deliver.Built:
    """Check the model, get the runtimes and the page, and write the artifact. An error leaves no partial file."""
    from mkexe.models.gguf.check import check_model
    from mkexe.models.gguf.kv_cache import read_kv_cache  # gguf comes with it: slow to import

    settings = request.settings
    if settings.output is not None:  # before minutes of compiling
        check_output_name(settings.output)
        atomic_files.check_place(settings.output)
    checked = check_model(request.model)
    name = checked_name(settings.name or name_of(request.model))
    models = read_models(checked, name, settings.projector)
    targets = tuple(choose_targets(settings.targets, settings.layout, reporter))
    check_split_size(settings.layout, settings.split_size)
    if settings.layout != AUTO:  # a wrong one is refused before anything is compiled
        LAYOUTS[settings.layout].check(targets, models.size_bytes)
    runtimes = tried_runtimes(targets, Trial(checked, models, settings.default_args), reporter)
    page = branded_page(request.page, models.text.name, reporter)
    packs = packing.pack_runtimes(runtimes, reporter) if packs_programs(settings.layout) else ()
    files = small_files(page, runtimes[0][1])
    layout = decide_layout(settings.layout, models, runtimes, packs, files, reporter)
    written = cut_models(models, settings.split_size)
    is_whole = written == models  # otherwise they are new shards, which no later build reads
    contents = Contents(
        name=name,
        shape=layout.shape(targets),
        models=written,
        runtimes=runtimes,
        packs=packs,
        files=files,
        page=dataclasses.replace(request.page, title=plain_text.cleaned(request.page.title) or models.text.name),
        default_args=settings.default_args,
        created=_creation_time(),
        known=recall_files(models.files) if layout.weights_inside and is_whole else (),
    )
    output = settings.output or Path(layout.file_name(name, targets))
    built, digests = deliver.deliver(contents, layout, output, reporter)
    if is_whole:
        remember_files(models.files, digests)
    cache = read_kv_cache(checked.header)
    return dataclasses.replace(built, memory=memory_needed(models.size_bytes, checked.header.context_length, cache))


def _creation_time() -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH if it is set (reproducible-builds.org), else now."""
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if text is None:
        return int(time.time())
    if not re.fullmatch(r"\d{1,11}", text):
        raise UsageError(f"SOURCE_DATE_EPOCH is {text!r}, expected seconds since 1970", "set it to a whole number")
    return int(text)
