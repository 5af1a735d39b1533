"""`mkexe preview` in a browser: the designer changes mkexe.toml, and the open page follows by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from conftest import Mkexe
from support.previewing import previewing

from .chat_page import ChatPage
from .conftest import watched

pytestmark = pytest.mark.browser


def test_the_open_page_follows_the_file_and_answers(browser: Browser, real_mkexe: Mkexe, tmp_path: Path) -> None:
    config = tmp_path / "mkexe.toml"
    config.write_text('[page]\ntitle = "Garden"\n')
    with previewing(real_mkexe, tmp_path) as preview, watched(browser, f"http://{preview.address}") as context:
        page = context.new_page()
        chat = ChatPage(page).go_to(f"http://{preview.address}/")
        expect(page).to_have_title("Garden")
        chat.ask("Hello?")
        expect(chat.prose).to_contain_text("You wrote: Hello?")
        config.write_text('[page]\ntitle = "Orchard"\n')
        expect(page).to_have_title("Orchard")
        config.write_text('[page]\ntitel = "Meadow"\n')
        expect(page.locator("body")).to_contain_text("page.titel: no such key")
        config.write_text('[page]\ntitle = "Meadow"\n')
        expect(page).to_have_title("Meadow")
