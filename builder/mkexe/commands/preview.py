"""Serve the page as mkexe.toml makes it, until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mkexe.artifact.reader import open_artifact
from mkexe.base import cache, resources
from mkexe.base.reporter import Reporter
from mkexe.boot.start import serving
from mkexe.commands.build import BuildRequest, build
from mkexe.config.checked_options import BuildSettings, named_files, page_settings
from mkexe.config.entries import Entries
from mkexe.config.toml_file import read_config
from mkexe.errors import ToolMissingError, UsageError
from mkexe.layouts.names import AUTO
from mkexe.page import bundle
from mkexe.page.branding import Branding
from mkexe.page.page_folder import branded_page
from mkexe.runtimes import targets

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# the packages of the extra that `mkexe preview` needs
_STUDIO = ("h11", "starlette", "uvicorn")
_STUDIO_HINT = 'pip install "mkexe[studio]"'


def preview(model: Path | None, config_file: Path, required: bool, port: int, reporter: Reporter) -> None:
    """Serve the page as `config_file` makes it, until Ctrl-C; without `model` the answers are scripted.

    A file that is not `required` may be missing, and may come later.
    """
    with _needing_studio():
        from mkexe.preview import application, server

    if required:
        read_config(config_file)  # a wrong name is refused at once
    with contextlib.ExitStack() as open_things:
        name, answers = open_things.enter_context(_answering(model, reporter))
        source = application.PageSource(
            load=lambda: branded_page(page_settings(_entries_of(config_file, required)), name, reporter),
            watched=lambda: _watched_files(config_file),
            content_security_policy=bundle.CONTENT_SECURITY_POLICY,
        )
        running = server.LoopbackServer(application.PreviewApplication(source, answers), port)
        open_things.callback(running.stop)
        reporter.result(f"http://{server.LOOPBACK}:{running.port}/")
        reporter.say(f"the page reloads when {config_file}, its files or the page's sources change; Ctrl-C stops mkexe")
        with contextlib.suppress(KeyboardInterrupt):
            running.wait()


@contextlib.contextmanager
def _needing_studio() -> Iterator[None]:
    """Turn a failed import of the server's packages into an error that says what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _STUDIO:
            raise
        raise ToolMissingError(f"the Python package {error.name} is not installed", _STUDIO_HINT) from error


@contextlib.contextmanager
def _answering(model: Path | None, reporter: Reporter) -> Iterator[tuple[str, ASGIApp]]:
    """The name of the model and the application that answers; without a model, the scripted answers."""
    from mkexe.preview import forwarding, stand_in

    if model is None:
        yield stand_in.MODEL_NAME, stand_in.StandIn().application
        return
    folder = cache.root() / "preview"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        artifact = Path(name) / "preview.exe"
        settings = BuildSettings(artifact, (targets.host_target(),), "preview", (), AUTO)
        build(BuildRequest(model, settings, Branding()), reporter)
        title = open_artifact(artifact).manifest.page["title"]
        with serving(artifact, Path(name)) as port:
            yield title, forwarding.Forwarder(port)


def _entries_of(config_file: Path, required: bool) -> Entries:
    return read_config(config_file) if required or os.path.lexists(config_file) else {}


def _watched_files(config_file: Path) -> list[Path]:
    """The files that the page depends on: mkexe.toml, the files that it names, and the page's sources in a checkout."""
    watched = [config_file]
    with contextlib.suppress(UsageError):
        watched += named_files(read_config(config_file))
    if not resources.bundled_page().is_dir():
        watched += (resources.source_root() / "templates" / "webui").rglob("*")
    return watched
