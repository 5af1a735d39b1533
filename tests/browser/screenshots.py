"""Pictures of the page's main states: `python -m tests.browser.screenshots` writes them into docs/screenshots."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from mkexe.page.bundle import build_page

from .chat_page import ChatPage
from .conftest import CHROMIUM_ARGS, TEMPLATES, chromium_path, watched
from .fake_server import Answer, FakeServer, Refusal

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
WIDE = {"width": 1100, "height": 760}
NARROW = {"width": 360, "height": 740}
ANSWER = """Roses like sun and deep soil. Three things matter most:

1. **Plant** them where they have six hours of sun a day.
2. **Water** the soil, not the leaves.
3. **Cut** them back when the forsythia blooms.

```python
def litres_per_week(area_m2: float) -> float:
    return 15 * area_m2  # in a dry summer
```

| month | work |
|---|---|
| March | cut back |
| June | cut off what has faded |
"""
ROOF_ANSWER = r"""One millimetre of rain on one square metre is **one litre**.

For a roof of 80 m² and 700 mm of rain a year:

$$V = 80\,\mathrm{m}^2 \times 0.7\,\mathrm{m} = 56\,\mathrm{m}^3$$

That is 56,000 litres. A tank collects about 80 % of it, which is enough for both:

| use | litres a year |
|---|---|
| garden of 100 m² | 6,000 |
| toilet, 3 people | 27,000 |
"""
ARABIC_ANSWER = "الورود تحب الشمس والتربة العميقة:\n\n1. **ازرعها** في مكان مشمس.\n2. **اسقِ** التربة لا الأوراق.\n"


@dataclass(frozen=True)
class Shot:
    """A state of the page: how the server and the browser are set up, and what is done before the picture."""

    act: Callable[[Page, FakeServer], None]
    browser: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)


def welcome(page: Page, server: FakeServer) -> None:
    expect(page.locator("#starters")).to_be_visible()


def loading(page: Page, server: FakeServer) -> None:
    expect(page.get_by_role("heading", name="The model is loading")).to_be_visible()
    expect(page.get_by_text("1.9 GB of 4.8 GB")).to_be_visible()


def conversation(page: Page, server: FakeServer) -> None:
    server.answers.extend([Answer([ANSWER], tokens_per_second=21.4)] * 2)
    chat = ChatPage(page).until_ready()
    chat.ask("How do I look after roses?")
    expect(chat.answer.get_by_text("cut off what has faded")).to_be_visible()


def readme(page: Page, server: FakeServer) -> None:
    """The picture at the top of the README."""
    server.answers.append(Answer([ROOF_ANSWER]))
    chat = ChatPage(page).until_ready()
    chat.ask("How much rain can I collect from my roof?")
    expect(chat.answer.locator("math")).to_be_visible()
    expect(page.locator(".chat-title")).to_have_count(len(TITLES) + 1)


def error(page: Page, server: FakeServer) -> None:
    server.answers.append(Refusal(400, "too long", "exceed_context_size_error"))
    chat = ChatPage(page).until_ready()
    chat.ask("How do I look after roses?")
    expect(chat.answer.locator(".failure")).to_be_visible()


def closed(page: Page, server: FakeServer) -> None:
    conversation(page, server)
    server.stop()
    expect(page.locator("#banner")).to_be_visible()


def waiting(page: Page, server: FakeServer) -> None:
    """Opened while the program is closed, and written into."""
    expect(page.locator("#starters")).to_be_visible()
    page.wait_for_function("() => navigator.serviceWorker.controller?.state === 'activated'")
    server.stop()
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-connection", "closed")
    page.locator("#message").fill("How do I look after roses?")
    page.locator("#message").press("Enter")
    expect(page.locator(".answer .working")).to_be_visible()
    if page.locator("#chats").is_hidden():
        page.locator("#chats-open").click()
    expect(page.locator(".chat-title")).to_have_count(1)


def arabic(page: Page, server: FakeServer) -> None:
    server.answers.append(Answer([ARABIC_ANSWER]))
    expect(page.locator("#starters")).to_be_visible()
    page.locator("#message").fill("كيف أعتني بالورود؟")
    page.locator("#message").press("Enter")
    expect(page.locator(".prose ol")).to_be_visible()


def settings(page: Page, server: FakeServer) -> None:
    page.locator("#settings-open").click()


def advanced(page: Page, server: FakeServer) -> None:
    settings(page, server)
    page.locator("#settings-advanced-title").click()
    page.locator("#setting-enter_sends").scroll_into_view_if_needed()


def chats(page: Page, server: FakeServer) -> None:
    conversation(page, server)
    ChatPage(page).button("Try again").last.click()
    expect(page.get_by_role("group", name="Versions")).to_be_visible()
    expect(page.locator(".chat-title")).to_have_count(len(TITLES) + 1)


def chats_over(page: Page, server: FakeServer) -> None:
    page.locator("#chats-open").click()
    expect(page.locator(".chat-title")).to_have_count(len(TITLES))


def chat_menu(page: Page, server: FakeServer) -> None:
    page.locator(".chat-more").nth(1).click()
    expect(page.get_by_role("menu")).to_be_visible()


def deleted(page: Page, server: FakeServer) -> None:
    chat_menu(page, server)
    page.get_by_role("menuitem").last.click()
    expect(page.locator("#toast")).to_be_visible()


def editing(page: Page, server: FakeServer) -> None:
    conversation(page, server)
    page.locator(".bubble").hover()
    ChatPage(page).button("Edit the question").click()


def unsaved(page: Page, server: FakeServer) -> None:
    server.chat_refusal = Refusal(507, "/home/ada/.local/share/mkexe: no space left on device", "disk_full")
    conversation(page, server)
    expect(page.locator("#unsaved")).to_be_visible()


def about(page: Page, server: FakeServer) -> None:
    conversation(page, server)
    page.locator("#about-open").click()
    expect(page.locator("#about-context")).to_be_visible()


def quitting(page: Page, server: FakeServer) -> None:
    page.locator("#quit-open").click()


ARABIC = {"locale": "ar-EG"}
GERMAN = {"locale": "de-DE"}
README = {"viewport": {"width": 1120, "height": 680}, "device_scale_factor": 1.25}
TITLES = ("Tax return 2025", "What to pack for a week in the mountains", "A poem about autumn", "Names for a cat")
KEEPS: dict[str, Any] = {
    "session_name": "roses",
    "chats_folder": "/home/ada/.local/share/mkexe/roses/chats",
    "quit_allowed": True,
    "settings": {"title": "Garden helper", "model_name": "Tiny 1B", "settings": {"show_speed": {"value": True}}},
}
LOADING = {
    "loading": True,
    "progress": {
        "state": "loading", "fraction": 0.4, "bytes_done": 1.9e9, "bytes_total": 4.8e9, "seconds_left": 21.0,
    },
}  # fmt: skip
BRAND = {
    "title": "Rose Society",
    "model_name": "Tiny 1B",
    "accent": "#b3245a",
    "greeting": "What shall we grow?",
    "questions": ["When do I cut roses back?", "Which roses like shade?", "What helps against greenfly?"],
    "footer": "Rose Society, founded 1898",
    "settings": {"temperature": {"value": 0.7, "locked": True}},
}
HOUSE = KEEPS | {
    "chats_folder": "/home/ada/.local/share/mkexe/house/chats",
    "settings": {"title": "House and garden", "model_name": "Tiny 1B"},
}
SHOTS = {
    "readme": Shot(readme, README, HOUSE),
    "welcome-light": Shot(welcome),
    "welcome-dark": Shot(welcome, {"color_scheme": "dark"}),
    "welcome-branded": Shot(welcome, server={"settings": BRAND}),
    "welcome-narrow": Shot(welcome, {"viewport": NARROW}),
    "loading": Shot(loading, server=KEEPS | LOADING),
    "chat-light": Shot(conversation),
    "chat-dark": Shot(conversation, {"color_scheme": "dark"}),
    "chat-narrow": Shot(conversation, {"viewport": NARROW}),
    "chats": Shot(chats, server=KEEPS),
    "chats-dark": Shot(chats, {"color_scheme": "dark"}, KEEPS),
    "chats-narrow": Shot(chats_over, {"viewport": NARROW}, KEEPS),
    "chat-menu": Shot(chat_menu, server=KEEPS),
    "chat-deleted": Shot(deleted, server=KEEPS),
    "question-edited": Shot(editing, server=KEEPS),
    "unsaved": Shot(unsaved, server=KEEPS),
    "about": Shot(about, server=KEEPS),
    "quit": Shot(quitting, server=KEEPS),
    "error": Shot(error),
    "closed": Shot(closed),
    "waiting": Shot(waiting, server=KEEPS),
    "waiting-dark-narrow": Shot(waiting, {"viewport": NARROW, "color_scheme": "dark"}, KEEPS),
    "arabic-welcome": Shot(welcome, ARABIC),
    "arabic-chat": Shot(arabic, ARABIC),
    "arabic-chats": Shot(chats_over, {**ARABIC, "viewport": NARROW}, KEEPS),
    "german-settings": Shot(advanced, GERMAN),
    "german-chats": Shot(chats_over, {**GERMAN, "viewport": NARROW}, KEEPS),
    "arabic-settings": Shot(settings, {**ARABIC, "viewport": NARROW}),
    "settings": Shot(settings, server={"settings": BRAND}),
    "settings-advanced": Shot(advanced),
    "settings-dark-narrow": Shot(settings, {"viewport": NARROW, "color_scheme": "dark"}),
}


@contextlib.contextmanager
def posed(browser: Browser, page_dir: Path, shot: Shot) -> Iterator[Page]:
    """The page in the state of `shot`, with a server and a browser profile of its own."""
    server = FakeServer(page_dir, **shot.server)
    if server.chats_folder is not None:
        server.chats = {f"chat-{index:04}": sample_chat(index, title) for index, title in enumerate(TITLES)}
    try:
        with watched(browser, server.url, **{"viewport": WIDE, "reduced_motion": "reduce", **shot.browser}) as context:
            page = context.new_page()
            ChatPage(page).open(server)
            shot.act(page, server)
            yield page
    finally:
        server.stop()


def sample_chat(index: int, title: str) -> str:
    """A chat's file; the first one is pinned."""
    time = f"2026-01-{28 - index:02}T00:00:00Z"
    question = {"id": "q", "parent": None, "role": "user", "content": title}
    answer = {"id": "a", "parent": "q", "role": "assistant", "content": "Gladly."}
    facts = {"format": 1, "title": title, "created": time, "updated": time, "pinned": index == 0, "current": "a"}
    return json.dumps({**facts, "messages": [question, answer]})


def take(browser: Browser, page_dir: Path, name: str, shot: Shot) -> None:
    """Write `name`.png."""
    with posed(browser, page_dir, shot) as page:
        page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


def main(names: list[str]) -> None:
    """Take the named pictures, or all of them."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        build_page(folder / "page", TEMPLATES, folder / "log")
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
        for name in names or SHOTS:
            take(browser, folder / "page", name, SHOTS[name])
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
