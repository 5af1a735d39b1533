"""The page's files for one artifact: the built page, which all artifacts share, with this artifact's branding."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from mkexe.base.json_text import readable_json
from mkexe.page.icon import ICON_FILE

SETTINGS_FILE = "build.json"
ICONS = (ICON_FILE, "favicon.svg")  # the page uses the first that exists; only older artifacts have the second

_INDEX = "index.html"
_OPTIONAL = ("accent", "greeting", "questions", "footer", "about", "links", "language")


@dataclass(frozen=True)
class Preset:
    """A preset value for a setting of the page. If it is locked, nobody can change it in the page."""

    value: object
    locked: bool


@dataclass(frozen=True)
class Branding:
    """What the page shows and sends; `icon` is a PNG. None or an empty title means that it was not given."""

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


def page_files(built: Mapping[str, bytes], settings: Branding, model_name: str) -> dict[str, bytes]:
    """Name and content of every file of the page, sorted by name; `built` has the files of the built page."""
    files = dict(built)
    if settings.icon is not None:
        files[ICON_FILE] = settings.icon
        link = re.escape(ICON_FILE) + r"(\?v=\w+)?"
        files[_INDEX] = re.sub(link, _address_of(settings.icon), files[_INDEX].decode()).encode()
    files[SETTINGS_FILE] = _encode_settings(settings, model_name)
    return dict(sorted(files.items()))


def _address_of(icon: bytes) -> str:
    """The icon's address, with a hash: browsers cache it for ever, and all artifacts have the same host and port."""
    return f"{ICON_FILE}?v={hashlib.sha256(icon).hexdigest()[:12]}"


def _encode_settings(settings: Branding, model_name: str) -> bytes:
    """The text of build.json. It leaves out options that were not given, except the first three members."""
    values: dict[str, object] = {
        "title": settings.title or model_name,
        "system_prompt": settings.system_prompt,
        "model_name": model_name,
    }
    values |= {name: getattr(settings, name) for name in _OPTIONAL if getattr(settings, name) is not None}
    if settings.settings is not None:
        values["settings"] = {name: dataclasses.asdict(preset) for name, preset in settings.settings.items()}
    if settings.icon is not None:
        values["icon"] = _address_of(settings.icon)
    return readable_json(values)
