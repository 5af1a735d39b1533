"""The commands for a terminal: run in pipes, chat in a pseudo-terminal, bench, licenses, and every --help."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from pathlib import Path

import pyte
import pytest

from support.asking import ASK, FRANCE, PARIS
from support.running import environment_of, run_to_end

pytestmark = pytest.mark.usefixtures("unpacked")

GREEDY = ["--temp", "0"]


def test_run_writes_the_answer_and_nothing_else(artifact: Path) -> None:
    done = run_to_end([str(artifact), *ASK])
    assert (done.returncode, done.stdout, done.stderr) == (0, PARIS + "\n", "")


def test_run_reads_a_pipe(artifact: Path) -> None:
    command = ["sh", str(artifact), "run", *GREEDY]
    environment = environment_of(artifact.parent)
    done = subprocess.run(command, env=environment, input=FRANCE, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, PARIS + "\n")


@pytest.mark.timeout(120)  # without the sentence nothing ever comes
def test_run_says_that_it_waits_where_a_pipe_stays_open(artifact: Path) -> None:
    with subprocess.Popen(
        ["sh", str(artifact), *ASK], env=environment_of(artifact.parent),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr
        assert "Waiting for the end of standard input" in process.stderr.readline()
        out, errors = process.communicate(timeout=60)
        assert (process.returncode, out, errors) == (0, PARIS + "\n", "")


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [(["run"], 2, "expected a question"), (["run", "--promt", "Hi"], 2, "found only: --promt Hi"),
     (["run", "-p"], 2, "expected a value"), (["chat", "--no-such"], 2, '"--no-such" is not an option.\n'),
     (["run", "-p", "Hi", "--no-such"], 2, '"--no-such" is not an option.\n'), (["frobnicate"], 2, "is not a command"),
     (["run", "-p", "Hi", "--sytem", "x"], 2, '"--sytem" is not an option: did you mean --system?\n'),
     (["chat", "--ctxsize", "512"], 2, '"--ctxsize" is not an option: did you mean --ctx-size?\n'),
     (["sevre"], 2, '"sevre" is not a command: did you mean serve?'),
     (["health", "--prot", "1"], 2, 'health: unexpected argument "--prot": did you mean --port?'),
     (["verify", "--json"], 2, "unexpected argument"),
     (["clean", "--help-server"], 2, 'unexpected argument "--help-server"')],
)  # fmt: skip
def test_wrong_words_are_explained(artifact: Path, words: list[str], status: int, sentence: str) -> None:
    environment = environment_of(artifact.parent)
    done = subprocess.run(
        ["sh", str(artifact), *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == status
    assert sentence in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("command", [[], ["serve"], ["run"], ["chat"], ["bench"]], ids=" ".join)
def test_commands_that_take_llama_cpp_s_options_list_them(artifact: Path, command: list[str]) -> None:
    done = run_to_end([str(artifact), *command, "--help-server"])
    assert done.returncode == 0
    assert "--ctx-size N" in done.stdout


@pytest.mark.parametrize("value", ["abc", "1e999", "nan", "", "5x"])
@pytest.mark.parametrize("command", ["run", "chat", "bench"])
def test_a_value_that_is_no_number_is_refused_in_one_sentence(artifact: Path, command: str, value: str) -> None:
    words = ["-p", "Hi"] if command == "run" else []
    done = run_to_end([str(artifact), command, *words, "--temp", value])
    assert (done.returncode, done.stdout) == (2, "")
    assert f'--temp: expected a number of at least 0, found "{value}".\nTry --help' in done.stderr
    assert "stof" not in done.stderr
    assert "usage:" not in done.stderr


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [("--grammar", "bad((", "--grammar: llama.cpp cannot read this grammar: expecting ::= at ((."),
     ("--log-file", "/no/such/dir/x", "--log-file: cannot open file '/no/such/dir/x' for writing: No such file"),
     ("--control-vector", "/no/such.gguf", "--control-vector: cannot open file '/no/such.gguf': No such file")],
)  # fmt: skip
@pytest.mark.parametrize("command", [["run", "-p", "Hi"], ["serve", "--port", "0", "--no-browser"]])
def test_an_option_that_cannot_be_used_is_named(
    artifact: Path, command: list[str], option: str, value: str, sentence: str
) -> None:
    done = run_to_end([str(artifact), *command, option, value])
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "verify checks the file" not in done.stderr


@pytest.mark.parametrize("options", [["-n", "0"], ["--n-predict", "0"]])
def test_an_answer_of_no_tokens_is_empty(artifact: Path, options: list[str]) -> None:
    done = run_to_end([str(artifact), *ASK, *options])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("command", ["", "serve", "chat", "run", "bench", "info", "doctor", "verify", "licenses"])
def test_every_help_is_one_screen_with_examples(artifact: Path, command: str) -> None:
    text = run_to_end([str(artifact), *command.split(), "--help"]).stdout
    lines = text.splitlines()
    assert text.startswith(f"usage: {artifact.name}")
    assert "example" in text
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert "{}" not in text


def test_licenses_of_everything_are_inside(artifact: Path) -> None:
    text = run_to_end([str(artifact), "licenses"]).stdout
    for name in ("licenses/mkexe.txt", "licenses/runtime.txt", "page/third-party.txt"):
        assert f"===== {name}\n" in text
    assert "MIT License" in text


def test_bench_measures(artifact: Path) -> None:
    done = run_to_end([str(artifact), "bench"])
    assert done.returncode == 0, done.stderr
    for what in ("reading 128 tokens", "reading 512 tokens", "writing 32 tokens"):
        found = re.search(rf"^{what} +([0-9.]+) tokens/s$", done.stdout, re.MULTILINE)
        assert found, done.stdout
        assert float(found[1]) > 0


def modes_of(terminal: int) -> tuple[int, ...]:
    return tuple(termios.tcgetattr(terminal)[:4])


def modes_of_a_new_terminal() -> tuple[int, ...]:
    ours, theirs = pty.openpty()
    try:
        return modes_of(ours)
    finally:
        os.close(ours)
        os.close(theirs)


class Terminal:
    """A program in a pseudo-terminal with a screen (pyte), which answers questions such as where the cursor is."""

    def __init__(self, command: list[str], home: Path) -> None:
        self._child, self._master = pty.fork()
        if self._child == 0:
            # a shell starts what runs in its background with both ignored
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGQUIT, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            os.execvpe("sh", ["sh", *command], environment_of(home) | {"TERM": "xterm"})
        self._screen = pyte.Screen(80, 200)
        self._screen.write_process_input = self.type  # type: ignore[method-assign]
        self._stream = pyte.ByteStream(self._screen)
        self._seen = 0

    @property
    def text(self) -> str:
        """All that stands on the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def expect(self, pattern: str, timeout_s: float = 60) -> None:
        """Read until the pattern stands behind what was expected before."""
        deadline = time.monotonic() + timeout_s
        while not (found := re.compile(pattern).search(self.text + " ", self._seen)):
            ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"expected {pattern!r}, found {self.text[self._seen :]!r}"
            self._stream.feed(os.read(self._master, 4096))
        self._seen = found.end()

    def colour_of(self, text: str) -> str:
        """The colour of the first letter of a text, where it stands last."""
        row = max(row for row, line in enumerate(self._screen.display) if text in line)
        return self._screen.buffer[row][self._screen.display[row].index(text)].fg

    @property
    def modes(self) -> tuple[int, ...]:
        """What termios(3) calls c_iflag, c_oflag, c_cflag and c_lflag."""
        return modes_of(self._master)

    @property
    def colour(self) -> str:
        """The colour of what is written next."""
        return str(self._screen.cursor.attrs.fg)

    def send_signal(self, number: int) -> None:
        os.kill(self._child, number)

    def type(self, data: str) -> None:
        os.write(self._master, data.encode())

    def wait(self) -> int:
        """The exit status, once the terminal's other end is closed."""
        with contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([self._master], [], [], 60)
                assert ready, f"it does not end; found {self.text!r}"
                self._stream.feed(os.read(self._master, 4096))
        return os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)
        os.close(self._master)


@pytest.fixture
def terminal(artifact: Path, tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = Terminal([str(artifact), "chat", *GREEDY], tmp_path)
    yield opened
    opened.close()


def test_a_chat_in_the_terminal(terminal: Terminal, tmp_path: Path) -> None:
    terminal.expect(r"Ready\. /help lists the commands\.")
    terminal.expect(r">")
    terminal.type(FRANCE + "\n")
    terminal.expect(re.escape(PARIS))
    terminal.expect(r"tokens/s\n\n>")
    assert (terminal.colour_of(FRANCE), terminal.colour_of(PARIS)) == ("green", "default")
    terminal.type("/regen\n")
    terminal.expect(re.escape(PARIS))
    terminal.expect(r"\n>")
    terminal.type("/help\n")
    terminal.expect(r"/save FILE")
    terminal.expect(r"\n>")
    for name in ("chat.md", "chat.json"):
        terminal.type(f"/save {tmp_path / name}\n")
        terminal.expect(r"saved: ")
        terminal.expect(r"\n>")
    terminal.type("/system Speak of gardens.\n")
    terminal.expect(r"this applies from the next answer")
    terminal.expect(r"\n>")
    terminal.type(f"/save {tmp_path / 'gardens.json'}\n")
    terminal.expect(r"saved: ")
    terminal.expect(r"\n>")
    terminal.type("/frob\n")
    terminal.expect(r"/frob is not a command")
    terminal.type("/clear\n")
    terminal.expect(r"forgotten")
    terminal.type('"""\nWhat is the capital\\\n of France?"""\n')
    terminal.expect(r"tokens/s\n\n>")
    terminal.type("\x1b[A" * 4)  # arrow up, to the command before the two lines
    terminal.expect("/clear")
    terminal.type("\n")
    terminal.expect(r"forgotten")
    terminal.expect(r"\n>")
    terminal.type("/quit\n")
    assert terminal.wait() == 0
    assert f"## You\n\n{FRANCE}\n\n## Answer\n\n{PARIS}\n" in (tmp_path / "chat.md").read_text()
    assert '"role": "assistant"' in (tmp_path / "chat.json").read_text()
    instructions = json.loads((tmp_path / "gardens.json").read_text())[0]
    assert instructions == {"role": "system", "content": "Speak of gardens."}


def test_ctrl_c_stops_the_answer_and_then_the_program(artifact: Path, tmp_path: Path) -> None:
    terminal = Terminal([str(artifact), "chat", "--ignore-eos", "-n", "100000"], tmp_path)
    try:
        terminal.expect(r">")
        terminal.type("Hello\n")
        terminal.expect(r"\w+ \w+ \w+")
        terminal.type("\x03")
        terminal.expect("\n?".join(["\\[", *"stopped", "\\]"]))  # wherever the screen's line ends
        terminal.expect(r"\n>")
        terminal.type("\x03")
        terminal.expect(r"once more, ends the chat")
        terminal.expect(r"\n>")
        terminal.type("\x03")
        assert terminal.wait() == 0
    finally:
        terminal.close()


def test_ctrl_c_drops_what_is_typed_and_twice_without_ends_the_chat(terminal: Terminal, tmp_path: Path) -> None:
    hint = r"once more, ends the chat\.\n> "
    terminal.expect(r"\n> ")
    terminal.type(FRANCE + "\n")
    terminal.expect(re.escape(PARIS))
    terminal.expect(r"tokens/s\n\n> ")
    terminal.type("\x03")
    terminal.expect(hint)
    for typed in ("half a thought", "two lines\\\nof it", '"""a\nlong one'):
        terminal.type(typed)
        terminal.expect(re.escape(typed.rpartition("\n")[2]))
        terminal.type("\x03")
        terminal.expect(hint)
    # in one piece, as a terminal that lags behind hands it over
    terminal.type("a whole thought\x03")
    terminal.expect(hint)
    # what was dropped is not asked, and what is asked between starts the count anew
    terminal.type(f"/save {tmp_path / 'chat.json'}\n")
    terminal.expect(r"saved: ")
    terminal.expect(r"\n> ")
    terminal.type("\x03")
    terminal.expect(hint)
    terminal.type("\x03")
    assert terminal.wait() == 0
    assert [message["role"] for message in json.loads((tmp_path / "chat.json").read_text())] == ["user", "assistant"]


def test_what_is_saved_replaces_nothing(terminal: Terminal, tmp_path: Path) -> None:
    terminal.expect(r"\n> ")
    (tmp_path / "precious.md").write_text("precious")
    (tmp_path / "link.md").symlink_to("precious.md")
    (tmp_path / "chat.md.new").write_text("precious")
    for name in ("precious.md", "link.md"):
        terminal.type(f"/save {tmp_path / name}\n")
        terminal.expect(r"exists already; choose another name")
    for _ in range(2):  # its own file it may write again
        terminal.type(f"/save {tmp_path / 'chat.md'}\n")
        terminal.expect(r"saved: ")
    assert {path.name: path.is_symlink() for path in tmp_path.glob("*.md*")} == {
        "precious.md": False, "link.md": True, "chat.md": False, "chat.md.new": False,
    }  # fmt: skip
    assert (tmp_path / "precious.md").read_text() == (tmp_path / "chat.md.new").read_text() == "precious"


@pytest.mark.parametrize("variable", ["", "/x"])
def test_a_prefix_of_the_server_s_paths_stops_no_question(artifact: Path, tmp_path: Path, variable: str) -> None:
    options = [] if variable else ["--api-prefix", "/x"]
    done = run_to_end([str(artifact), *ASK, *options], HOME=str(tmp_path),
                      LLAMA_ARG_API_PREFIX=variable)  # fmt: skip
    assert (done.returncode, done.stdout) == (0, PARIS + "\n"), done.stderr


def test_no_answer_is_no_success(artifact: Path, tmp_path: Path) -> None:
    """Such a template leaves out the question."""
    silent = ("--chat-template", "{% for message in messages %}{% endfor %}")
    done = run_to_end([str(artifact), *ASK, *silent], HOME=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "The model gave no answer.\n")


def test_ctrl_d_ends_a_line_and_takes_nothing_of_it(terminal: Terminal, tmp_path: Path) -> None:
    terminal.expect(r"\n> ")
    terminal.type(f"{FRANCE}\x04")
    terminal.expect(re.escape(PARIS))
    terminal.expect(r"tokens/s\n\n> ")
    terminal.type(f"/save {tmp_path / 'chat.json'}\n")
    terminal.expect(r"saved: ")
    assert json.loads((tmp_path / "chat.json").read_text())[0]["content"] == FRANCE
    terminal.type("\x04")
    assert terminal.wait() == 0


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGSEGV, 70), (signal.SIGABRT, 70), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP),
     (signal.SIGQUIT, -signal.SIGQUIT), (signal.SIGUSR1, -signal.SIGUSR1)],
)  # fmt: skip
def test_the_terminal_is_put_back_however_a_chat_ends(terminal: Terminal, number: int, status: int) -> None:
    terminal.expect(r"\n> ")
    terminal.type("half a thought")
    terminal.expect("half a thought")
    assert not terminal.modes[3] & (termios.ICANON | termios.ECHO)
    assert terminal.colour == "green"
    terminal.send_signal(number)
    assert terminal.wait() == status
    assert terminal.modes == modes_of_a_new_terminal()
    assert terminal.colour == "default"
