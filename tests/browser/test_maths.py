"""Formulas in answers: drawn as MathML, sums of money left alone, and nothing harmful in them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .chat_page import ChatPage
from .fake_server import Answer, FakeServer, Gate

pytestmark = pytest.mark.browser

HOSTILE = r"""
$\href{javascript:document.title='pwned'}{click}$ and $\includegraphics{https://evil.example/a.png}$
and $\style{position:fixed;inset:0}{x}$ and $\text{<img src=x onerror="document.title='pwned'">}$
and $\color{url(https://evil.example/)}{x}$ and $\class{button}{x}$ and $\def\a{\a\a}\a$

$$\begin{equation} x \label{about} \end{equation}$$ $\ref{about}$

$$\text{</math><script>document.title='pwned'</script>}$$

The end.
"""


def answer_with(page: Page, server: FakeServer, *steps: str | Gate) -> ChatPage:
    return ChatPage(page).open_and_ask(server, "Show me", Answer(steps))


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("so $a^2$ is", False),
        (r"so \(a^2\) is", False),
        ("so\n\n$$\na^2\n$$\n\nis", True),
        ("so\n\\[\na^2\n\\]\nis", True),
        ("so $$a^2$$ is", True),
        ("- so $a^2$ is", False),
        ("| so |\n|-|\n| $a^2$ |", False),
    ],
    ids=["dollars", "parentheses", "display dollars", "brackets", "display in a line", "in a list", "in a table"],
)
def test_formulas_are_drawn(page: Page, server: FakeServer, text: str, display: bool) -> None:
    chat = answer_with(page, server, text)
    formula = chat.prose.locator("math")
    expect(formula).to_have_count(1)
    expect(formula.locator("msup")).to_have_text("a2")
    assert (formula.get_attribute("display") == "block") is display
    # MathML without its namespace would be drawn as letters in a row
    assert formula.evaluate("e => e.namespaceURI") == "http://www.w3.org/1998/Math/MathML"
    expect(chat.prose).not_to_contain_text("$")


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "Between $5-$10, or $1,000/$2,000 a year.",
        "US$5 and CA$6 are not the same.",
        "He paid $5 million in US$ last year.",
        "From $ 5 to 6 $ each.",
        r"Write \$x\$ with backslashes.".replace("\\", "\\\\").replace("\\\\$", "\\$"),
        "Use `$HOME` and `$PATH`.",
        "One dollar: $.",
        "Run ```echo $A $B```.",
    ],
)
def test_dollars_in_prose_stay_prose(page: Page, server: FakeServer, text: str) -> None:
    chat = answer_with(page, server, text, "\n\nAnd $x$.")
    expect(chat.prose.locator("math")).to_have_count(1)
    expect(chat.prose.locator("p").first.locator(".math")).to_have_count(0)
    expect(chat.prose.locator("p").first).to_have_text(text.replace("`", "").replace("\\", ""))


def test_faulty_formula_shows_its_source(page: Page, server: FakeServer) -> None:
    chat = answer_with(page, server, r"Bad: $\frac{1}{$ and $\nonsense$, good: $x$.")
    expect(chat.prose.locator("math")).to_have_count(1)
    expect(chat.prose).to_have_text(r"Bad: $\frac{1}{$ and $\nonsense$, good: x.")


def test_formula_is_drawn_when_it_is_complete_and_what_stands_before_stays(page: Page, server: FakeServer) -> None:
    gate, end = Gate(), Gate()
    chat = answer_with(page, server, "First $x$.\n\n$$\n\\frac{a}{b", gate, "}\n$$\n\nLast $x$.", end)
    expect(chat.prose.locator("math")).to_have_count(1)
    expect(chat.prose).to_contain_text("{a}{b")
    first = chat.prose.locator("math").first.element_handle()
    gate.open()
    expect(chat.prose.locator("mfrac")).to_have_text("ab")
    expect(chat.prose.locator("math")).to_have_count(3)
    assert first.evaluate("node => node.isConnected")
    end.open()


def test_matrix_box_and_colour_need_no_inline_style(page: Page, server: FakeServer) -> None:
    # the `context` fixture fails this test if the content policy is broken
    tex = r"$$\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} \boxed{E} \color{red} y$$"
    chat = answer_with(page, server, tex)
    expect(chat.prose.locator("mtd")).to_have_text(["1", "2", "3", "4"])
    expect(chat.prose.locator("math mi", has_text="y").or_(chat.prose.locator("math [style*=color]")).last).to_have_css(
        "color", "rgb(255, 0, 0)"
    )
    boxes = (
        "e => [...e.querySelectorAll('*')].filter((part) => getComputedStyle(part).borderTopStyle === 'solid').length"
    )
    assert chat.prose.locator("math").evaluate(boxes) == 1


def test_hostile_formulas_are_inert(page: Page, server: FakeServer) -> None:
    chat = answer_with(page, server, HOSTILE)
    expect(chat.prose).to_contain_text("The end.")
    expect(chat.prose.locator("math").first).to_be_visible()
    expect(page).to_have_title("Garden helper")
    forbidden = "script, img, iframe, a, [href], [id], [src], [onerror], [onclick], .button:not(.quiet), math style"
    assert chat.prose.locator(forbidden).count() == 0
    script = "e => [...e.querySelectorAll('*')].filter((part) => getComputedStyle(part).position === 'fixed').length"
    assert chat.prose.evaluate(script) == 0


def test_wide_formula_scrolls_by_itself(page: Page, server: FakeServer) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    chat = answer_with(page, server, "$$" + " + ".join(f"a_{{{number}}}" for number in range(60)) + "$$")
    expect(chat.prose.locator("math")).to_be_visible()
    assert not chat.has_sideways_scrolling()
    frame = chat.prose.get_by_role("group", name="Formula")
    frame.focus()
    expect(frame).to_be_focused()
    assert frame.evaluate("e => { e.scrollLeft = 10_000; return e.scrollLeft; }") > 0, "its end cannot be reached"
