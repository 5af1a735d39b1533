"""Whole ways through the shipped file, in a real browser: what a person sees from the first start to a kill -9."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from conftest import TINY_MODEL, Mkexe
from mkexe.artifact.reader import open_artifact
from support.asking import QUESTIONS
from support.random_model import write_random_model
from support.relay import Relay
from support.running import Running, browser_in, run_to_end
from support.slow_disk import slow_disk

from .chat_page import ChatPage
from .conftest import watched

pytestmark = pytest.mark.browser

ITEM = QUESTIONS[0]
# an answer that does not end by itself before the context is full
ENDLESS = ("--ignore-eos", "--temp", "0")
MODEL_BYTES = 120_000_000
ANSWERS = 60  # so many of the program's are waited for
# with the large model, an answer does not end by itself before it is cut off or stopped, on a busy computer either: the
# small one writes 32,768 tokens while a starved browser draws once
SLOW_AND_LONG = ("--ctx-size", "32768")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's home of its own."""
    return tmp_path


@pytest.fixture(scope="module")
def with_question(real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact whose page offers a question that its model can answer."""
    out = tmp_path_factory.mktemp("question") / "tiny.exe"
    real_mkexe("build", TINY_MODEL, "-o", out, "--name", "tiny", "--question", ITEM["question"], "--target", "host")
    return out


@pytest.fixture(scope="module")
def large_artifact(real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that are read in many pieces; what they answer means nothing."""
    folder = tmp_path_factory.mktemp("large")
    write_random_model(folder / "large.gguf", size_bytes=MODEL_BYTES)
    real_mkexe("build", folder / "large.gguf", "-o", folder / "large.exe", "--name", "large", "--target", "host")
    return folder / "large.exe"


def open_page(running: Running, page: Page) -> ChatPage:
    return ChatPage(page).go_to(running.address)


def chats_of(home: Path) -> list[dict[str, Any]]:
    files = (home / ".local/share/mkexe").glob("*/chats/*.json")
    return [json.loads(file.read_text()) for file in sorted(files)]


def until_kept(page: Page, home: Path, texts: list[str]) -> None:
    """Wait until the program has one chat, with these messages: an answer is on the screen before it is on the disk."""
    found: list[list[str]] = []
    for _ in range(ANSWERS):
        found = [[message["content"] for message in chat["messages"]] for chat in chats_of(home)]
        if found == [texts]:
            return
        page.wait_for_event("response")
    raise AssertionError(f"expected one chat with {texts}, found {found}")


def test_from_the_first_start_to_the_first_answer_by_clicks_alone(
    browser: Browser, with_question: Path, home: Path
) -> None:
    desktop, pipe = browser_in(home)
    with Running([str(with_question)], home, (), **desktop).at_once():
        address = pipe.read_text().strip()
        with watched(browser, address) as context:
            chat = ChatPage(context.new_page()).go_to(address)
            chat.button(ITEM["question"]).click()
            chat.send_button.click()
            expect(chat.prose).to_have_text(ITEM["answer"])


def test_a_slow_disk_shows_how_far_the_model_is_and_the_page_becomes_the_chat(
    browser: Browser, large_artifact: Path, tmp_path: Path
) -> None:
    [weights] = open_artifact(large_artifact).manifest.weights()
    middle = weights.offset + int(0.6 * weights.size)
    home = tmp_path / "home"
    home.mkdir()
    with (
        slow_disk(large_artifact, tmp_path / "disk", middle, weights.offset + weights.size) as disk,
        Running([str(disk.file)], home).at_once() as running,
        watched(browser, running.address) as context,
    ):
        chat = open_page(running, context.new_page())
        expect(chat.page.get_by_role("heading", name="The model is loading")).to_be_visible()
        bar = chat.page.get_by_role("progressbar")
        expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^[1-6]\d$"))
        expect(chat.page.get_by_text(re.compile(r"^\d\d\.\d MB of 1\d\d MB"))).to_be_visible()
        assert disk.reached.wait(60)
        chat.ask("Hello?")
        expect(chat.answer.get_by_text("Waiting for the model …")).to_be_visible()
        disk.go_on()
        expect(chat.prose).not_to_be_empty()
        expect(chat.page.locator("#banner")).to_be_hidden()


def test_chats_outlive_kill_9_and_are_the_same_in_another_browser(browser: Browser, artifact: Path, home: Path) -> None:
    with Running([str(artifact)], home) as running:
        with watched(browser, running.address) as context:
            chat = open_page(running, context.new_page())
            chat.ask(ITEM["question"])
            expect(chat.prose).to_have_text(ITEM["answer"])
            expect(chat.page.locator(".chat-title")).to_have_text([ITEM["question"]])
            with watched(browser, running.address) as other:
                expect(open_page(running, other.new_page()).page.locator(".chat-title")).to_have_count(1)
            chat.ask(ITEM["question"])
            expect(chat.answers).to_have_count(2)
            expect(chat.stop_button).to_be_hidden()
            chat.page.wait_for_function("() => !document.body.hasAttribute('data-running')")
            expect(chat.page.locator(".chat-title")).to_have_count(1)
        running.send_signal(signal.SIGKILL)
        running.wait()
    with Running([str(artifact)], home) as running, watched(browser, running.address) as context:
        chat = open_page(running, context.new_page())
        chat.page.get_by_role("link", name=ITEM["question"]).click()
        expect(chat.questions).to_have_text([ITEM["question"]] * 2)
        expect(chat.answers.first.locator(".prose")).to_have_text(ITEM["answer"])
    [kept] = chats_of(home)
    assert [message["role"] for message in kept["messages"]] == ["user", "assistant"] * 2


@contextlib.contextmanager
def asked_while_closed(browser: Browser, artifact: Path, home: Path) -> Iterator[tuple[ChatPage, str]]:
    """The page with a question that was asked after the program had ended, and the port that it had."""
    with Running([str(artifact)], home, ("--port", "0", "--no-browser")) as running:
        address = running.address
        context = browser.new_context()
        chat = open_page(running, context.new_page())
        chat.page.wait_for_function("() => navigator.serviceWorker.controller?.state === 'activated'")
    chat.go_to(address)
    expect(chat.page.get_by_role("heading", name="The program was closed")).to_be_visible()
    chat.ask(ITEM["question"])
    expect(chat.page.locator(".chat-title")).to_have_text([ITEM["question"]])
    yield chat, address.rpartition(":")[2]
    context.close()


def test_a_chat_that_is_begun_while_the_program_is_closed_is_in_its_folder_afterwards(
    browser: Browser, artifact: Path, home: Path
) -> None:
    with asked_while_closed(browser, artifact, home) as (chat, port):
        chat.page.reload()
        expect(chat.questions).to_have_text(ITEM["question"])
        with Running([str(artifact)], home, ("--port", port, "--no-browser")):
            expect(chat.prose).to_have_text(ITEM["answer"])
            expect(chat.page.locator("#chats-kept")).to_contain_text(str(home))
            chat.page.reload()
            expect(chat.prose).to_have_text(ITEM["answer"])
            until_kept(chat.page, home, [ITEM["question"], ITEM["answer"]])


def test_it_is_there_too_where_the_program_comes_back_on_another_port(
    browser: Browser, artifact: Path, home: Path
) -> None:
    with (
        asked_while_closed(browser, artifact, home) as (chat, port),
        Running([str(artifact)], home, ("--port", "0", "--no-browser")) as running,
    ):
        assert not running.address.endswith(port)
        other = open_page(running, chat.page.context.new_page())
        expect(other.page.locator(".chat-title")).to_have_text([ITEM["question"]])
        # the tab that was open follows, and asks what it was to ask
        chat.page.wait_for_url(f"{running.address}/#*")
        expect(chat.prose).to_have_text(ITEM["answer"])
        until_kept(chat.page, home, [ITEM["question"], ITEM["answer"]])


def test_an_answer_that_a_kill_cut_off_is_kept_and_goes_on_after_the_next_start(
    browser: Browser, large_artifact: Path, home: Path
) -> None:
    start = ("--no-browser", *SLOW_AND_LONG, *ENDLESS)
    with Running([str(large_artifact)], home, ("--port", "0", *start)) as running:
        port = running.address.rpartition(":")[2]
        with watched(browser, running.address) as context:
            chat = open_page(running, context.new_page())
            chat.ask("Repeat after me: roses")
            expect(chat.prose).to_contain_text(re.compile(r"\w"))
            running.send_signal(signal.SIGKILL)
            running.wait()
            expect(chat.answer.locator(".failure")).to_contain_text("The answer broke off")
            expect(chat.page.locator("#banner")).to_contain_text("The program was closed")
            before = chat.prose.inner_text()
            with Running([str(large_artifact)], home, ("--port", port, *start)):
                expect(chat.page.locator("#banner")).to_be_hidden()
                chat.button("Continue writing").click()
                expect(chat.prose).not_to_have_text(before, use_inner_text=True)
                chat.stop_button.click()
                expect(chat.send_button).to_be_visible()
                after = chat.prose.inner_text()
                assert after.startswith(before)
                assert after != before
                chat.page.reload()
                expect(chat.prose).to_have_text(after, use_inner_text=True)


def test_a_network_that_was_away_costs_nothing_of_the_answer(
    browser: Browser, large_artifact: Path, home: Path
) -> None:
    # a model so slow that it writes longer than the test takes to cut the network, on a busy computer either
    start = ("--port", "0", "--no-browser", "--ctx-size", "256", *ENDLESS)
    with (
        Running([str(large_artifact)], home, start) as running,
        Relay(running.address) as relay,
        watched(browser, relay.address) as context,
    ):
        chat = ChatPage(context.new_page()).go_to(relay.address)
        chat.until_ready().ask("Repeat after me: roses")
        expect(chat.prose).to_contain_text(re.compile(r"\w"))
        relay.cut()
        expect(chat.answer.locator(".failure")).to_contain_text("The answer broke off")
        before = chat.prose.inner_text()
        relay.mend()
        # the model went on meanwhile, and ends where its context is full
        expect(chat.answer.get_by_text("fills the model's memory")).to_be_visible(timeout=60_000)
        assert chat.prose.inner_text().startswith(before)
        expect(chat.answer.locator(".failure")).to_be_hidden()


def test_stop_stops_the_model_too(browser: Browser, large_artifact: Path, home: Path) -> None:
    start = ("--port", "0", "--no-browser", "--slots", *SLOW_AND_LONG, *ENDLESS)
    with Running([str(large_artifact)], home, start) as running, watched(browser, running.address) as context:
        chat = open_page(running, context.new_page())
        chat.ask("Repeat after me: roses")
        expect(chat.prose).to_contain_text(re.compile(r"\w"))
        chat.stop_button.click()
        expect(chat.answer.get_by_text("Stopped")).to_be_visible()
        while any(slot["is_processing"] for slot in slots_of(running)):
            pass
        assert not chat.answer.get_by_text("fills the model's memory").is_visible()


def slots_of(running: Running) -> list[dict[str, Any]]:
    status, _, body = running.get("/slots")
    assert status == 200, body
    slots: list[dict[str, Any]] = json.loads(body)
    return slots


def test_a_thousand_messages_from_the_folder(browser: Browser, artifact: Path, home: Path) -> None:
    with Running([str(artifact)], home) as running:
        folder = Path(running.json("/mkexe/session")["chats_folder"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "long-chat.json").write_text(json.dumps(thousand_messages()))
        with watched(browser, running.address) as context:
            chat = open_page(running, context.new_page())
            chat.page.get_by_label("Search chats").fill("question 321")
            # until it has been searched the list is the old one, and is drawn anew
            expect(chat.announcer).to_contain_text("Chats found: 1")
            chat.page.get_by_role("link", name="A long one").click()
            expect(chat.prose.locator("strong")).to_have_text("499")
            chat.questions.last.hover()
            chat.page.locator("article.question").last.get_by_role("button", name="Edit the question").click()
            chat.page.get_by_label("Your question").fill(ITEM["question"])
            chat.page.get_by_label("Your question").press("Enter")
            # the whole is longer than the model can hold: that is said, and the chat is still there
            expect(chat.answer.locator(".failure")).to_contain_text("longer than the model can remember")
            chat.button("New chat").first.click()
            chat.ask(ITEM["question"])
            expect(chat.prose).to_have_text(ITEM["answer"])


def thousand_messages() -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    for index in range(500):
        parent = messages[-1]["id"] if messages else None
        messages.append({"id": f"q{index}", "parent": parent, "role": "user", "content": f"Question {index}"})
        text = f"Answer **{index}** with a [link](https://good.example) and\n\n```py\nprint({index})\n```"
        messages.append({"id": f"a{index}", "parent": f"q{index}", "role": "assistant", "content": text})
    facts = {"format": 1, "id": "long-chat", "title": "A long one", "pinned": False, "current": "a499"}
    times = {"created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z"}
    return {**facts, **times, "model": "", "system_prompt": "", "messages": messages}


@pytest.mark.parametrize("broken", ["before the page is opened", "while the page is open"])
def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_lost(
    browser: Browser, artifact: Path, home: Path, broken: str
) -> None:
    with Running([str(artifact)], home) as running, watched(browser, running.address) as context:
        folder = Path(running.json("/mkexe/session")["chats_folder"])
        folder.parent.mkdir(parents=True, exist_ok=True)
        page = context.new_page()
        chat, place = ChatPage(page), page.locator("#chats-kept")
        if broken == "while the page is open":
            open_page(running, page)
            expect(place).to_contain_text(f"Chats are saved on this computer, in \u2066{folder}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.write_text("a file in the folder's place")
        if broken == "before the page is opened":
            open_page(running, page)
            expect(place).to_contain_text(f"The program cannot save chats in \u2066{folder}\u2069 now")
            expect(place).to_contain_text("Not a directory")
        chat.ask(ITEM["question"])
        expect(chat.prose).to_have_text(ITEM["answer"])
        note = page.get_by_role("alert").filter(has_text="cannot save the chat")
        expect(note).to_contain_text(str(folder))
        expect(place).to_contain_text("cannot save chats")
        # the page may be shut meanwhile
        page.reload()
        expect(chat.prose).to_have_text(ITEM["answer"])
        expect(note).to_contain_text(str(folder))
        folder.unlink()
        # by itself, soon
        expect(note).to_be_hidden()
        expect(place).to_contain_text("Chats are saved on this computer")
        expect(page.locator(".chat-title")).to_have_text([ITEM["question"]])
        until_kept(page, home, [ITEM["question"], ITEM["answer"]])


def test_the_next_free_port_s_page_works_and_a_second_start_leads_to_the_first(
    browser: Browser, artifact: Path, home: Path
) -> None:
    with Running([str(artifact)], home, ("--no-browser",)) as first:
        second = run_to_end([str(artifact), "--no-browser"], HOME=str(home))
        assert f"{first.address}/" in second.stderr
        with Running([str(artifact)], home, ("--no-browser", "--new")) as third:
            assert third.address != first.address
            for running in (first, third):
                with watched(browser, running.address) as context:
                    chat = open_page(running, context.new_page())
                    chat.ask(ITEM["question"])
                    expect(chat.prose).to_have_text(ITEM["answer"])
