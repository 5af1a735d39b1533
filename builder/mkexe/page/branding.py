"""The page's files for one artifact: the built page, which is the same for all, with a builder's settings and icon."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from mkexe.base.json_text import readable_json
from mkexe.page.icon import ICON_FILE

SETTINGS_FILE = "build.json"
ICONS = (ICON_FILE, "favicon.svg")  # the first one that is there is the page's; only older artifacts have the second

_INDEX = "index.html"
_OPTIONAL = ("accent", "greeting", "questions", "footer", "about", "links", "language")


@dataclass(frozen=True)
class Preset:
    """What a builder gave a setting of the page; who chats cannot change it where it is locked."""

    value: object
    locked: bool


@dataclass(frozen=True)
class Branding:
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


def page_files(built: Mapping[str, bytes], settings: Branding, model_name: str) -> dict[str, bytes]:
    """Name and content of every file of the page, sorted by name; `built` are those of the page as it was built."""
    files = dict(built)
    if settings.icon is not None:
        files[ICON_FILE] = settings.icon
        link = re.escape(ICON_FILE) + r"(\?v=\w+)?"
        files[_INDEX] = re.sub(link, _address_of(settings.icon), files[_INDEX].decode()).encode()
    files[SETTINGS_FILE] = _encode_settings(settings, model_name)
    return dict(sorted(files.items()))


def _address_of(icon: bytes) -> str:
    """Browsers keep files for good by their query, and all artifacts share an address: another icon needs another."""
    return f"{ICON_FILE}?v={hashlib.sha256(icon).hexdigest()[:12]}"


def _encode_settings(settings: Branding, model_name: str) -> bytes:
    """build.json; what was not given is not in it, except the three names that always are."""
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
