"""Pictures and recordings through the shipped file and upstream's own encoders, with random weights.

What a model makes of them is for real weights to show; here it is counted what reaches it.
"""

from __future__ import annotations

import io
import json
import re
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Route, expect

from conftest import TINY_MODEL, Mkexe
from support.random_projector import AUDIO_TOKENS, IMAGE_TOKENS, write_random_projector
from support.running import Running, run_to_end

from .chat_page import ChatPage
from .conftest import watched

pytestmark = pytest.mark.browser

TINY_DIM = 256  # embedding length of tests/data/tiny/tiny.gguf
CONTEXT = 256
QUESTION = "What is the capital of France?"


def picture(name: str = "red.png") -> FilePayload:
    """A red one."""
    data = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(data, "PNG")
    return FilePayload(name=name, mimeType="image/png", buffer=data.getvalue())


def recording(seconds: float) -> FilePayload:
    """Silence."""
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * int(16_000 * seconds)))
    return FilePayload(name="said.wav", mimeType="audio/wav", buffer=data.getvalue())


@pytest.fixture(scope="module")
def seeing_file(real_mkexe: Mkexe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file with a model and its projector."""
    folder = tmp_path_factory.mktemp("seeing")
    projector = folder / "mmproj.gguf"
    write_random_projector(projector, TINY_DIM)
    real_mkexe("build", TINY_MODEL, "--mmproj", projector, "--target", "host", "-o", folder / "seeing")
    projector.unlink()
    return folder / "seeing"


@pytest.fixture(scope="module")
def seeing(seeing_file: Path) -> Iterator[Running]:
    """It, running."""
    words = ("--port", "0", "--no-browser", "--ctx-size", str(CONTEXT), "--parallel", "1", "--temp", "0", "-n", "8")
    with Running([str(seeing_file)], seeing_file.parent, words) as running:
        yield running


def test_without_its_projector_it_only_reads(seeing_file: Path, tmp_path: Path) -> None:
    words = ("--port", "0", "--no-browser", "--no-mmproj")
    with Running([str(seeing_file)], tmp_path, words) as running:
        assert running.json("/props")["modalities"] == {"vision": False, "audio": False, "video": False}


def test_a_projector_for_another_model_is_said(artifact: Path, tmp_path: Path) -> None:
    write_random_projector(tmp_path / "mmproj.gguf", TINY_DIM // 2)
    words = ["serve", "--port", "0", "--no-browser", "--mmproj", str(tmp_path / "mmproj.gguf")]
    done = run_to_end([str(artifact), *words], XDG_DATA_HOME=str(tmp_path), HOME=str(tmp_path))
    assert done.returncode != 0
    assert "must be the one that was made for this model. With --no-mmproj the program starts without it" in done.stderr


def test_a_projector_beside_the_file_is_taken_too(artifact: Path, tmp_path: Path) -> None:
    write_random_projector(tmp_path / "mmproj.gguf", TINY_DIM)
    words = ("--port", "0", "--no-browser", "--mmproj", str(tmp_path / "mmproj.gguf"))
    with Running([str(artifact)], tmp_path, words) as running:
        assert running.json("/props")["modalities"] == {"vision": True, "audio": True, "video": False}


@pytest.fixture
def chat(browser: Browser, seeing: Running) -> Iterator[ChatPage]:
    with watched(browser, seeing.address) as context:
        yield ChatPage(context.new_page()).go_to(seeing.address)


def tokens_read(chat: ChatPage, question: str, *files: FilePayload) -> int:
    """Ask, with these files, in a chat of its own; how many tokens the model says that it read."""
    chat.button("New chat").click()
    if files:
        chat.attach(*files)
        expect(chat.chips).to_have_count(len(files))
    streams: list[str] = []

    def listen(route: Route) -> None:
        response = route.fetch()
        streams.append(response.text())
        route.fulfill(response=response)

    chat.page.route("**/v1/chat/completions", listen)
    chat.ask(question)
    expect(chat.prose).to_contain_text(re.compile(r"\w"))
    expect(chat.send_button).to_be_visible()
    chat.page.unroute("**/v1/chat/completions")
    [stream] = streams
    last = [line for line in stream.splitlines() if '"timings"' in line][-1]
    timings = json.loads(last.removeprefix("data: "))["timings"]
    return int(timings["prompt_n"] + timings["cache_n"])


def test_a_picture_and_a_recording_reach_the_model(chat: ChatPage) -> None:
    alone = tokens_read(chat, QUESTION)
    assert tokens_read(chat, QUESTION, picture()) == alone + IMAGE_TOKENS
    assert tokens_read(chat, QUESTION, recording(2)) == alone + AUDIO_TOKENS
    assert tokens_read(chat, QUESTION, picture(), recording(40)) == alone + IMAGE_TOKENS + 2 * AUDIO_TOKENS


def test_pictures_that_do_not_fit_are_said_with_the_numbers_before_they_are_sent(chat: ChatPage) -> None:
    many = 1 + CONTEXT // IMAGE_TOKENS
    chat.attach(*[picture(f"{n}.png") for n in range(many)])
    expect(chat.chips).to_have_count(many)
    sentence = f"need about {many * IMAGE_TOKENS} tokens, and the model can hold {CONTEXT}"
    expect(chat.page.get_by_role("alert")).to_contain_text(sentence)
