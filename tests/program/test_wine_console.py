"""The Windows program in a console window of its own, as after a double click: keys, the close button, logging off.

Under Wine 8 with an X server that nobody sees: not Windows itself. What differs there:

* what stands in the window is read from what Wine's console traces (wine_desktop.py), not from the screen;
* the close button is pressed as Alt-F4, which the window manager turns into the same message;
* letters beyond ASCII are wrong (Wine's C library takes UTF-8 for Latin-1), and colours stand there as codes;
* the session ends by `wineboot --end-session`;
* when the window is closed, and so at the end of a session, Wine kills the program without CTRL_CLOSE_EVENT: what
  these two tests show is that nothing is lost then. For the handler (stopping-win32.cpp) the events are sent as Windows
  sends them, by a thread in the program (tests/cpp/platform/console-event).
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import ROOT
from support.asking import FRANCE, PARIS
from support.executables import compile_program
from support.needs import need
from support.running import Server
from support.wine import WinePrefix
from support.wine_desktop import TOOLS, Console, Desktop, until

KEY = "Press any key to close this window."


@pytest.fixture(scope="module")
def desktop(artifact: Path, wine_prefix: WinePrefix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    need(*TOOLS)
    with Desktop(tmp_path_factory.mktemp("desktop"), wine_prefix) as opened:
        yield opened


@pytest.fixture(scope="module")
def program(artifact: Path, desktop: Desktop) -> str:
    """The artifact in a folder of its own."""
    return str(shutil.copyfile(artifact, desktop.folder / "tiny.exe"))


@pytest.fixture(scope="module")
def damaged(program: str) -> str:
    """A download that broke off shortly before its end."""
    whole = Path(program).read_bytes()
    path = Path(program).with_name("damaged.exe")
    path.write_bytes(whole[: int(len(whole) * 0.95)])
    return str(path)


@pytest.fixture(scope="module")
def send_event(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that sends console events."""
    folder = tmp_path_factory.mktemp("console-event")
    program = folder / "send.exe"
    source = ROOT / "tests/cpp/platform/console-event/send.c"
    program.write_bytes(compile_program(folder, "x86_64-windows-gnu", source=source))
    return program


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def closes_by_a_key(desktop: Desktop, console: Console, sentence: str) -> int:
    """The exit status of a program that says a sentence and waits for a key."""
    console.expect(sentence)
    console.expect(KEY)
    console.focus()
    desktop.wait_for_a_program()
    assert console.is_open(), console.text
    console.press("space")
    return console.wait()


def test_an_error_stays_until_a_key_is_pressed(desktop: Desktop, program: str, taken_port: int) -> None:
    with desktop.open(program, "--no-browser", "--port", str(taken_port)) as console:
        sentence = f"Port {taken_port} of 127.0.0.1 is not available"
        assert closes_by_a_key(desktop, console, sentence) == 1


def test_a_damaged_file_says_so_until_a_key_is_pressed(desktop: Desktop, damaged: str) -> None:
    with desktop.open(damaged) as console:
        assert closes_by_a_key(desktop, console, "This copy of the file is damaged or incomplete.") == 4


def test_an_error_in_somebody_else_s_console_waits_for_nothing(desktop: Desktop, program: str, taken_port: int) -> None:
    shell = desktop.prefix / "drive_c/windows/system32/cmd.exe"
    words = ("/c", "Z:" + program.replace("/", "\\"), "--no-browser", "--port", str(taken_port))
    with desktop.open(str(shell), *words) as console:
        assert console.wait() == 1, console.text
        assert "is not available" in console.text
        assert KEY not in console.text


def begin_answer(address: str) -> socket.socket:
    """A connection on which an answer without an end has begun."""
    place = urllib.parse.urlsplit(address)
    body = json.dumps({"prompt": "Once", "n_predict": -1, "ignore_eos": True, "stream": True}).encode()
    connection = socket.create_connection((place.hostname, place.port))
    connection.sendall(
        b"POST /completion HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    assert b"200 OK" in connection.recv(4096)
    return connection


def is_free(address: str) -> bool:
    """Whether nobody listens there."""
    place = urllib.parse.urlsplit(address)
    with socket.socket() as connection:
        return connection.connect_ex((place.hostname, place.port)) != 0


def start_and_write_a_chat(console: Console) -> str:
    """The address of the program, which keeps a chat with that address as its title."""
    console.expect("Closing this window stops the program.")
    console.expect("Ready.")  # not "It is running already": the one before has let its lock go
    [address] = re.findall(r"^    (http://127\.0\.0\.1:\d+)/$", console.text, re.MULTILINE)
    server = Server(address)
    headers = {"X-Mkexe-Token": server.json("/mkexe/session")["token"], "If-Match": "*"}
    chat = {"title": address, "messages": []}
    assert server.post("/mkexe/chats/chat-0001", chat, headers)[0] == 200
    return str(address)


def assert_ended(desktop: Desktop, console: Console, address: str) -> None:
    """It said nothing of a key, nobody listens any more, and the chat is there."""
    assert KEY not in console.text
    until(lambda: is_free(address), lambda: f"{address} answers still")
    stored = desktop.user_folder / "mkexe/tiny/chats/chat-0001.json"
    assert json.loads(stored.read_text())["title"] == address


@pytest.mark.parametrize(
    "event", ["1", "2", "5", "6"], ids=["ctrl-break", "closing", "logging off", "shutting down"]
)  # as HandlerRoutine's documentation numbers them
def test_the_program_ends_by_itself_on_a_console_event(
    desktop: Desktop, program: str, send_event: Path, event: str
) -> None:
    with desktop.open(program, "--no-browser") as console:
        address = start_and_write_a_chat(console)
        with begin_answer(address):
            desktop.run_program(send_event, Path(program).name, event)
            assert console.wait() == 0
        assert not console.was_killed
        assert_ended(desktop, console, address)


@pytest.mark.parametrize(
    "end",
    [lambda _, console: console.press("alt+F4"), lambda _, console: console.press("ctrl+c"),
     lambda desktop, _: desktop.log_off()],
    ids=["closing", "ctrl-c", "logging off"],
)  # fmt: skip
def test_the_server_ends_cleanly_while_it_answers(
    desktop: Desktop, program: str, end: Callable[[Desktop, Console], None]
) -> None:
    with desktop.open(program, "--no-browser") as console:
        address = start_and_write_a_chat(console)
        with begin_answer(address):
            end(desktop, console)
            assert console.wait() == 0
        assert_ended(desktop, console, address)


def test_a_chat(desktop: Desktop, program: str) -> None:
    with desktop.open(program, "chat", "--temp", "0") as console:
        console.expect("Ready. /help lists the commands.\n\n> ")
        console.type(FRANCE)
        console.expect(PARIS)
        console.expect("tokens/s\n\n> ")
        console.type("/save chat.md")
        console.expect("saved: chat.md\n\n> ")
        console.type("/quit")
        assert console.wait() == 0
    saved = (desktop.folder / "chat.md").read_text()
    assert saved == f"## You\n\n{FRANCE}\n\n## Answer\n\n{PARIS}\n\n"


def test_ctrl_c_stops_an_answer_of_a_chat_and_then_the_chat(desktop: Desktop, program: str) -> None:
    with desktop.open(program, "chat", "--ignore-eos", "-n", "100000") as console:
        console.expect("\n> ")
        console.type("Hello")
        console.expect("Hello\n")
        console.press("ctrl+c")
        console.expect("[stopped]\n")
        console.expect("\n> ")
        console.type("/clear")
        console.expect("forgotten\n\n> ")  # and not an empty line before it
        console.press("ctrl+c")
        console.expect("/quit, or Ctrl-C once more, ends the chat.\n> ")
        console.press("ctrl+c")
        assert console.wait() == 0
