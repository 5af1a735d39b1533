"""Files that go with a message: what is read, what is refused and why, and what the model is sent."""

from __future__ import annotations

import base64
import io
import json
import re
import struct
import wave
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from support.pictures import red_picture

from .chat_page import ChatPage
from .fake_server import Answer, FakeServer
from .pdf_files import JAPANESE, LOCKED, PICTURE, lines, pdf

pytestmark = pytest.mark.browser

NOTES = FilePayload(name="notes.md", mimeType="text/markdown", buffer=b"# Plants\n\nWater them.\n")
# gives files to the page as the browser does when they are dropped or pasted
GIVE_SCRIPT = """([kind, files]) => {
    const data = new DataTransfer();
    for (const [name, type, text] of files) {
        if (name) data.items.add(new File([text], name, { type }));
        else data.items.add(text, type);
    }
    const target = document.getElementById(kind === 'paste' ? 'message' : 'scroller');
    const options = { bubbles: true, cancelable: true };
    const event = kind === 'paste' ? new ClipboardEvent(kind, { ...options, clipboardData: data })
        : new DragEvent(kind, { ...options, dataTransfer: data });
    target.dispatchEvent(event);
    return event.defaultPrevented;
}"""

TONE_HERTZ = 440
# a second of a tone as WebM with Opus, by MediaRecorder in Chromium; a file, because a busy recorder loses parts
TONE_WEBM = Path(__file__).with_name("tone.webm")


def file(name: str, media_type: str, data: bytes) -> FilePayload:
    return FilePayload(name=name, mimeType=media_type, buffer=data)


def can(server: FakeServer, vision: bool = False, audio: bool = False, n_ctx: int = 4096) -> None:
    server.props = {
        "default_generation_settings": {"n_ctx": n_ctx},
        "modalities": {"vision": vision, "audio": audio},
    }


def content_of(server: FakeServer, request: int = -1) -> Any:
    """What the model was sent as the last message."""
    return server.chat_requests[request]["messages"][-1]["content"]


@pytest.fixture
def chat(page: Page, server: FakeServer) -> ChatPage:
    server.answers.extend([Answer(["Seen."])] * 4)
    return ChatPage(page).open_ready(server)


def test_attached_text_stands_before_the_question(chat: ChatPage, server: FakeServer) -> None:
    chat.attach(NOTES)
    expect(chat.chips).to_have_text(re.compile(r"notes\.md\s*22 bytes"))
    chat.ask("What is this about?")
    expect(chat.prose).to_have_text("Seen.")
    assert content_of(server) == (
        "--- File: notes.md ---\n# Plants\n\nWater them.\n--- End of file ---\n\nWhat is this about?"
    )
    expect(chat.chips).to_have_count(0)
    expect(chat.questions).to_have_text("What is this about?")
    expect(chat.page.locator("article.question .chip")).to_contain_text("notes.md")


def test_attachments_stay_part_of_the_chat(chat: ChatPage, server: FakeServer) -> None:
    chat.attach(NOTES)
    chat.ask("What is this?")
    expect(chat.prose).to_have_text("Seen.")
    chat.ask("And now?")
    expect(chat.answers).to_have_count(2)
    expect(chat.prose).to_have_text("Seen.")
    assert "Water them." in server.chat_requests[1]["messages"][0]["content"]
    assert content_of(server) == "And now?"


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (file("a.csv", "text/csv", "Größe;Preis\r\n5;3 €\r\n".encode("cp1252")), "Größe;Preis\n5;3 €"),
        (file("a.py", "", b"def f():\n\treturn 1\n"), "def f():\n\treturn 1"),
        (file("a.json", "application/json", '{"a": "é"}'.encode()), '{"a": "é"}'),
        (file("a.txt", "text/plain", "\ufeffzwölf".encode("utf-16-le")), "zwölf"),
        (file("a.log", "application/octet-stream", "\ufeffgrün\x1b[0m".encode()), "grün\x1b[0m"),
        (file("a.svg", "image/svg+xml", b"<svg/>"), "<svg/>"),
    ],
    ids=["csv of an old spreadsheet", "source file", "json", "utf-16", "log with colours", "svg"],
)
def test_every_kind_of_text_is_read(chat: ChatPage, server: FakeServer, payload: FilePayload, text: str) -> None:
    chat.attach(payload)
    expect(chat.chips).to_have_count(1)
    chat.ask("Read it")
    expect(chat.prose).to_have_text("Seen.")
    assert content_of(server) == f"--- File: {payload['name']} ---\n{text}\n--- End of file ---\n\nRead it"


def test_files_alone_can_be_sent(chat: ChatPage, server: FakeServer) -> None:
    expect(chat.send_button).to_have_attribute("aria-disabled", "true")
    chat.attach(NOTES, file("b.txt", "text/plain", b"second"))
    expect(chat.chips).to_have_count(2)
    expect(chat.send_button).to_have_attribute("aria-disabled", "false")
    chat.send_button.click()
    expect(chat.prose).to_have_text("Seen.")
    first, second = re.findall(r"--- File: (\S+) ---", content_of(server))
    assert (first, second) == ("notes.md", "b.txt")


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_files_are_dropped_and_pasted(chat: ChatPage, server: FakeServer, kind: str) -> None:
    taken = chat.page.evaluate(GIVE_SCRIPT, [kind, [["a.txt", "text/plain", "alpha"], ["b.txt", "", "beta"]]])
    assert taken, "the browser would leave the page to show the file"
    expect(chat.chips).to_have_text([re.compile(r"a\.txt"), re.compile(r"b\.txt")])
    chat.ask("Go")
    expect(chat.prose).to_have_text("Seen.")
    assert "alpha" in content_of(server)


def test_a_place_to_drop_is_shown_while_files_hang_over_the_page(chat: ChatPage) -> None:
    hint = chat.page.get_by_text("Drop the files here to attach them")
    expect(hint).to_be_hidden()
    chat.page.evaluate(GIVE_SCRIPT, ["dragover", [["a.txt", "text/plain", "alpha"]]])
    expect(hint).to_be_visible()
    chat.page.evaluate(GIVE_SCRIPT, ["drop", [["a.txt", "text/plain", "alpha"]]])
    expect(hint).to_be_hidden()


def test_text_from_a_spreadsheet_stays_text_though_a_picture_of_it_comes_along(chat: ChatPage) -> None:
    copied = [["", "text/plain", "a\tb"], ["", "text/html", "<table>"], ["image.png", "image/png", "picture"]]
    assert not chat.page.evaluate(GIVE_SCRIPT, ["paste", copied]), "the browser would not put the text into the field"
    expect(chat.chips).to_have_count(0)
    expect(chat.page.locator("#attachment-refusals")).to_be_hidden()


def test_file_dropped_on_a_dialog_does_not_make_the_browser_leave_the_page(chat: ChatPage) -> None:
    chat.button("About this chat").click()
    assert chat.page.evaluate(GIVE_SCRIPT, ["drop", [["a.txt", "text/plain", "alpha"]]])
    expect(chat.chips).to_have_count(0)


def test_attachment_is_removed_by_keyboard(chat: ChatPage, server: FakeServer) -> None:
    chat.attach(NOTES, file("b.txt", "text/plain", b"second"))
    expect(chat.chips).to_have_count(2)
    chat.button("Attach files").focus()
    chat.page.keyboard.press("Shift+Tab")
    expect(chat.button("Remove b.txt")).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(chat.chips).to_have_text(re.compile(r"notes\.md"))
    expect(chat.message).to_be_focused()
    expect(chat.announcer).to_have_text("b.txt was removed")
    chat.ask("Go")
    expect(chat.prose).to_have_text("Seen.")
    assert "second" not in content_of(server)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (file("a.zip", "application/zip", b"PK\x03\x04\0\0" + bytes(range(256))), "it is not a text file."),
        (file("a.txt", "text/plain", b"  \n"), "a.txt was not attached: it is empty"),
        (file("a.png", "image/png", red_picture(4, 4)), "a.png was not attached: this model cannot see pictures"),
        (file("a.mp3", "audio/mpeg", b"ID3"), "a.mp3 was not attached: this model cannot hear"),
        (file("a.pdf", "application/pdf", pdf(PICTURE)), "a.pdf was not attached: this PDF contains no text."),
        (file("a.pdf", "application/pdf", pdf(lines("x"), trailer=LOCKED)), "a password protects this PDF"),
        (file("a.pdf", "application/pdf", b"%PDF-1.7\nnothing"), "a.pdf was not attached: this PDF is damaged"),
    ],
    ids=["binary", "empty", "picture", "recording", "scan", "locked pdf", "broken pdf"],
)  # fmt: skip
def test_what_cannot_be_attached_is_refused_with_a_sentence(
    chat: ChatPage, payload: FilePayload, sentence: str
) -> None:
    chat.message.fill("My question")
    chat.attach(payload, NOTES)
    refusals = chat.page.locator("#attachment-refusals")
    expect(refusals).to_contain_text(sentence)
    expect(chat.announcer).to_contain_text(sentence)
    expect(chat.chips).to_have_text(re.compile(r"notes\.md"))
    expect(chat.message).to_have_value("My question")


def test_a_file_of_many_megabytes_is_refused_unread(chat: ChatPage, tmp_path: Path) -> None:
    large = tmp_path / "large.txt"
    with large.open("wb") as stream:
        stream.truncate(64 * 1024 * 1024 + 1)
    with chat.page.expect_file_chooser() as chooser:
        chat.button("Attach files").click()
    chooser.value.set_files(large)
    expect(chat.page.locator("#attachment-refusals")).to_have_text(
        "large.txt was not attached: it is larger than 64 MB."
    )


def test_text_of_a_pdf_is_read_in_the_browser(chat: ChatPage, server: FakeServer) -> None:
    assert not [name for name in server.page_requests if "pdf" in name], "the reader belongs to no first load"
    chat.attach(
        file("report.pdf", "application/pdf", pdf(lines("The yield was 42 tons.", "It rained."), lines("Page two.")))
    )
    expect(chat.chips).to_contain_text("report.pdf")
    assert {re.sub(r"-\w{8}\.", ".", name) for name in server.page_requests if "pdf" in name} == {
        "lazy/pdf.js",
        "lazy/pdf-worker.js",
    }
    chat.ask("How much?")
    expect(chat.prose).to_have_text("Seen.")
    assert content_of(server) == (
        "--- File: report.pdf ---\nThe yield was 42 tons.\nIt rained.\n\nPage two.\n--- End of file ---\n\nHow much?"
    )


def test_pdf_is_read_where_the_browser_starts_no_worker(chat: ChatPage, server: FakeServer) -> None:
    server.isolated_files = False
    chat.attach(file("a.pdf", "application/pdf", pdf(lines("Read on the page."))))
    expect(chat.chips).to_contain_text("a.pdf")
    chat.ask("?")
    expect(chat.prose).to_have_text("Seen.")
    assert "Read on the page." in content_of(server)


def test_text_of_a_japanese_pdf_is_read(chat: ChatPage, server: FakeServer) -> None:
    data = pdf(lines("日本語の文書", encoding="cp932"), font=JAPANESE)
    chat.attach(file("文書.pdf", "application/pdf", data))
    expect(chat.chips).to_contain_text("文書.pdf")
    chat.ask("?")
    expect(chat.prose).to_have_text("Seen.")
    assert content_of(server) == "--- File: 文書.pdf ---\n日本語の文書\n--- End of file ---\n\n?"


def test_pdf_that_comes_while_the_program_is_closed_is_refused_and_the_next_is_read(
    chat: ChatPage, server: FakeServer
) -> None:
    payload = file("a.pdf", "application/pdf", pdf(lines("Back.")))
    server.stop()
    chat.attach(payload)
    expect(chat.page.locator("#attachment-refusals")).to_contain_text("could not load its PDF reader")
    server.start()
    chat.attach(payload)
    expect(chat.chips).to_contain_text("a.pdf")
    expect(chat.page.locator("#attachment-refusals")).to_be_hidden()


def image_part(server: FakeServer) -> tuple[str, bytes]:
    """Media type and bytes of the picture in the last message, which stands before the text."""
    picture, text = content_of(server)
    assert text == {"type": "text", "text": "What is it?"}
    match = re.fullmatch(r"data:(image/\w+);base64,(.+)", picture["image_url"]["url"])
    assert match
    return match[1], base64.b64decode(match[2])


def test_small_picture_is_sent_as_it_is(chat: ChatPage, server: FakeServer) -> None:
    can(server, vision=True)
    chat.attach(file("red.png", "image/png", red_picture(40, 30)))
    expect(chat.chips.locator("img")).to_be_visible()
    chat.ask("What is it?")
    expect(chat.prose).to_have_text("Seen.")
    assert image_part(server) == ("image/png", red_picture(40, 30))


def test_large_picture_is_scaled_down(chat: ChatPage, server: FakeServer) -> None:
    can(server, vision=True)
    chat.attach(file("wide.png", "image/png", red_picture(4000, 1000)))
    expect(chat.chips).to_contain_text("wide.png")
    chat.ask("What is it?")
    expect(chat.prose).to_have_text("Seen.")
    media_type, data = image_part(server)
    assert media_type == "image/jpeg"
    assert data.startswith(b"\xff\xd8\xff")
    # ITU-T T.81, B.2.2: the baseline frame header holds precision, height and width
    height, width = struct.unpack(">HH", data[data.index(b"\xff\xc0") + 5 :][:4])
    assert (width, height) == (1536, 384)


def test_broken_picture_is_refused(chat: ChatPage, server: FakeServer) -> None:
    can(server, vision=True)
    chat.attach(file("a.png", "image/png", b"\x89PNG\r\n\x1a\nno more"))
    expect(chat.page.locator("#attachment-refusals")).to_contain_text("the picture is damaged")


def test_recording_is_sent_to_a_model_that_hears(chat: ChatPage, server: FakeServer) -> None:
    can(server, audio=True)
    chat.attach(file("a.ogg", "audio/ogg", b"OggS"))
    expect(chat.page.locator("#attachment-refusals")).to_contain_text("this browser cannot read the recording")
    chat.attach(file("a.mp3", "audio/mpeg", b"ID3 sound"))
    expect(chat.chips).to_contain_text("a.mp3")
    chat.ask("Who speaks?")
    expect(chat.prose).to_have_text("Seen.")
    sound, _ = content_of(server)
    assert sound == {
        "type": "input_audio",
        "input_audio": {"data": base64.b64encode(b"ID3 sound").decode(), "format": "mp3"},
    }


def test_recording_that_the_model_s_decoder_cannot_read_is_sent_as_wav(chat: ChatPage, server: FakeServer) -> None:
    can(server, audio=True)
    recording = TONE_WEBM.read_bytes()
    assert recording.startswith(b"\x1a\x45\xdf\xa3")  # Matroska's EBML
    chat.attach(file("note.webm", "audio/webm", recording))
    chat.ask("What is it?")
    expect(chat.prose).to_have_text("Seen.")
    sound, _ = content_of(server)
    assert sound["input_audio"]["format"] == "wav"
    with wave.open(io.BytesIO(base64.b64decode(sound["input_audio"]["data"]))) as heard:
        assert (heard.getnchannels(), heard.getsampwidth(), heard.getframerate()) == (1, 2, 16_000)
        samples = struct.unpack(f"<{heard.getnframes()}h", heard.readframes(heard.getnframes()))
    # the tone's frequency is half its changes of sign in a second
    middle = samples[len(samples) // 4 : len(samples) // 2]
    changes = sum((one < 0) != (other < 0) for one, other in pairwise(middle))
    assert changes / len(middle) * 16_000 / 2 == pytest.approx(TONE_HERTZ, rel=0.05)


def test_picture_that_comes_while_the_model_is_loading_is_refused_for_now(page: Page, server: FakeServer) -> None:
    server.loading = True
    can(server, vision=True)
    chat = ChatPage(page).open(server)
    chat.attach(file("red.png", "image/png", red_picture(4, 4)))
    expect(page.locator("#attachment-refusals")).to_contain_text("the model is still loading")
    server.loading = False
    expect(page.get_by_role("heading", name="What can I help you with?")).to_be_visible()
    chat.attach(file("red.png", "image/png", red_picture(4, 4)))
    expect(chat.chips).to_contain_text("red.png")


def test_what_does_not_fit_is_said_with_the_numbers_before_it_is_sent(chat: ChatPage, server: FakeServer) -> None:
    can(server, n_ctx=1000)
    warning = chat.page.get_by_role("alert")
    chat.attach(file("long.txt", "text/plain", b"word " * 2000), NOTES)
    # the two files, their head and foot lines, and three words in notes.md: 2000 + 2 * (4 + 5) + 4
    expect(warning).to_contain_text("need about 2,022 tokens, and the model can hold 1,000")
    chat.ask("Summarise")
    expect(warning).to_contain_text("need about 2,023 tokens")
    expect(chat.chips).to_have_count(2)
    expect(chat.message).to_have_value("Summarise")
    assert server.chat_requests == []
    chat.button("Remove long.txt").click()
    expect(warning).to_be_hidden()
    chat.send_button.click()
    expect(chat.prose).to_have_text("Seen.")


def test_chat_so_far_counts_too(chat: ChatPage, server: FakeServer) -> None:
    can(server, n_ctx=1000)
    chat.ask("word " * 600)
    expect(chat.prose).to_have_text("Seen.")
    chat.ask("again " * 600)
    expect(chat.page.get_by_role("alert")).to_contain_text("need about 1,201 tokens, and the model can hold 1,000")
    assert len(server.chat_requests) == 1
    chat.button("New chat").click()
    chat.send_button.click()
    expect(chat.prose).to_have_text("Seen.")


def test_pictures_count_too_those_of_the_chat_so_far_as_well(chat: ChatPage, server: FakeServer) -> None:
    can(server, vision=True, n_ctx=1000)
    server.media_tokens = 600
    warning = chat.page.get_by_role("alert")
    chat.attach(file("red.png", "image/png", red_picture(4, 4)), file("also.png", "image/png", red_picture(5, 4)))
    expect(warning).to_contain_text("need about 1,200 tokens, and the model can hold 1,000")
    chat.button("Remove also.png").click()
    expect(warning).to_be_hidden()
    chat.ask("What is this?")
    expect(chat.prose).to_have_text("Seen.")
    chat.attach(file("also.png", "image/png", red_picture(5, 4)))
    # two pictures, "What is this?", "Seen."
    expect(warning).to_contain_text("need about 1,204 tokens")
    chat.button("Remove also.png").click()
    expect(warning).to_be_hidden()
    # three files, each counted with and without itself, and never again
    assert server.counts == 6


def test_chips_are_named_and_narrow_pages_hold_them(chat: ChatPage, server: FakeServer) -> None:
    chat.page.set_viewport_size({"width": 360, "height": 640})
    names = ["a-very-long-name-" * 8 + f"{number}.txt" for number in range(6)]
    chat.attach(*(file(name, "text/plain", b"x" * 12_345) for name in names))
    expect(chat.chips).to_have_count(6)
    expect(chat.chips.first).to_contain_text("12 KB")
    assert not chat.has_sideways_scrolling()
    expect(chat.send_button).to_be_in_viewport()
    for control in chat.page.locator("#composer button:visible").all():
        expect(control).to_have_accessible_name(re.compile(r"\w"))
    chat.ask("All of them")
    expect(chat.prose).to_have_text("Seen.")
    assert not chat.has_sideways_scrolling()
    assert len(json.dumps(content_of(server))) > 6 * 12_345
