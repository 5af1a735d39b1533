"""The page's files for one artifact: the built page, which is the same for all, with a builder's settings and icon."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from mkexe.model import Icon, PageSettings

SETTINGS_FILE = "build.json"
DEFAULT_ICON = "favicon.svg"
ICONS = ("favicon.png", DEFAULT_ICON)  # the first one that is there is the page's

_INDEX = "index.html"
_OPTIONAL = ("accent", "greeting", "questions", "footer", "about", "links", "language")
_MEDIA_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


def page_files(built: Mapping[str, bytes], settings: PageSettings, model_name: str) -> dict[str, bytes]:
    """Name and content of every file of the page, sorted by name; `built` are those of the page as it was built."""
    files = dict(built)
    if settings.icon is not None:
        files[settings.icon.name] = settings.icon.data
        files[_INDEX] = _with_icon(files[_INDEX].decode(), settings.icon).encode()
    files[SETTINGS_FILE] = _encode_settings(settings, model_name)
    return dict(sorted(files.items()))


def _address_of(icon: Icon) -> str:
    """Browsers keep files for good by their query, and all artifacts share an address: another icon needs another."""
    return f"{icon.name}?v={hashlib.sha256(icon.data).hexdigest()[:12]}"


def _with_icon(index: str, icon: Icon) -> str:
    """index.html with this icon."""
    media_type = _MEDIA_TYPES[Path(icon.name).suffix]
    link = re.compile(r'(<link rel="icon"[^>]* type=")[^"]*(")')
    pattern = re.escape(DEFAULT_ICON) + r"(\?v=\w+)?"
    return link.sub(rf"\g<1>{media_type}\g<2>", re.sub(pattern, _address_of(icon), index))


def _encode_settings(settings: PageSettings, model_name: str) -> bytes:
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
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode()
