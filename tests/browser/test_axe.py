"""Every main state of the page, asked by axe-core: what it calls serious or critical is a failure."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from .screenshots import SHOTS, posed

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")


@pytest.mark.parametrize("name", SHOTS)
def test_state_has_no_grave_violation(browser: Browser, built_page: Path, name: str) -> None:
    with posed(browser, built_page, SHOTS[name]) as page:
        found = Axe().run(page).response["violations"]
    grave = [violation for violation in found if violation["impact"] in GRAVE]
    assert [(violation["id"], [node["html"] for node in violation["nodes"]]) for violation in grave] == []
