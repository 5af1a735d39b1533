"""The built page: bundled, cached, or built now."""

from __future__ import annotations

from pathlib import Path

from mkexe.base import cache, resources
from mkexe.base.reporter import Reporter
from mkexe.page import bundle
from mkexe.page.branding import Branding, page_files


def page_folder(reporter: Reporter) -> Path:
    """The built page: bundled with the package, cached, or built now."""
    if resources.bundled_page().is_dir():
        return resources.bundled_page()
    source = resources.source_root() / "templates"
    folder = cache.root() / "page" / bundle.page_key(source)
    with cache.locked("page"):
        if not folder.is_dir():
            reporter.say("building the page")
            log = cache.root() / "logs" / "page.log"
            log.unlink(missing_ok=True)
            with cache.new_folder(folder) as temporary:
                bundle.build_page(temporary, source, log)
            cache.keep_newest(folder.parent, "*")
    return folder


def branded_page(settings: Branding, model_name: str, reporter: Reporter) -> dict[str, bytes]:
    """Name and content of every file of the page, with these settings."""
    return page_files(bundle.read_page(page_folder(reporter)), settings, model_name)
