"""Test a model with this machine's runtime before it is bundled, and refuse a model that cannot be loaded or computed.

`RUNTIME check-model -m MODEL` (runtime/server/model-check.cpp) loads the model as the built file will, with zeros
instead of its weights, computes two tokens and formats the first question of a chat. It runs in a process of its own,
because llama.cpp crashes on some defective models.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path

from mkexe.base import process
from mkexe.errors import ModelError, UsageError
from mkexe.models.gguf.messages import printable
from mkexe.runtimes.runtime import Runtime
from mkexe.trial.ask_runtime import ask_runtime

_COMMAND = "check-model"
_MOST_CONTEXT = 512
_TIMEOUT_S = 60.0
_SECONDS_PER_GB = 2.0
_SHOWN_CHARACTERS = 300
_NO_MEMORY = 14  # exit_memory in runtime/base/exit-status.h
_KILLED = -9  # the system sends it if memory runs out; the model is not the cause
_REFUSED = "refused: "
_NOT_CHECKED = "not checked: "
_READING_PROJECTOR = "reading: projector"
# parts of llama.cpp's messages that add nothing: the name of a function, and that loading failed
_PREAMBLE = re.compile(
    r"^(?:(?:srv +)?\w+: |operator\(\): |error loading model(?: \w+)?: |failed to load model '[^']*': )+"
)
_FOLLOWING = re.compile(r" (?:\w*_\w+|init): (?:error: )?(?:[Ff]ailed to|please) .*")
# the runtime's last message (runtime/platform/crash.cpp)
_CRASHED = re.compile(r".* cannot continue: (?:an error in llama\.cpp, )?(.+)")
_OTHER_MODEL = "use another GGUF of the model, or convert the original model again"
_OTHER_PROJECTOR = "get the projector that belongs to this model"
_OTHER_OPTIONS = "the model works without them: correct --arg (build.args in mkexe.toml)"
_OTHER_TEMPLATE = 'give it another chat template, such as --arg "--chat-template chatml"'


@dataclass(frozen=True)
class Question:
    """A model to test: its first file, its projector, and the default options of the built file."""

    model: Path
    projector: Path | None
    context_length: int  # tokens that the model was trained for
    size_bytes: int
    default_args: tuple[str, ...]


def check_model(question: Question, runtime: Runtime, timeout_s: float | None = None) -> str:
    """Raise ModelError if `runtime`, which is for this machine, cannot use the model or crashes with it.

    Raises UsageError instead if the model works without the default options.

    If `timeout_s` is None, the time depends on the model's size. Returns a sentence that says why the model could not
    be tested; an empty text if it was tested.
    """
    limit = timeout_s or _TIMEOUT_S + _SECONDS_PER_GB * question.size_bytes / 1e9
    lines: list[str] = []
    try:
        _ask(question, runtime, limit, lines)
    except OSError as error:
        return _unchecked(f"the runtime for this machine could not be started: {error.strerror}")
    except process.ProcessFailed as error:
        said = next((line for line in lines if line.startswith(_NOT_CHECKED)), None)
        if said is not None:
            return _unchecked(said.removeprefix(_NOT_CHECKED))
        if error.returncode == _NO_MEMORY:
            return _unchecked("the test needs more memory than this computer has, or more than it should")
        if error.returncode == _KILLED and not error.timed_out:
            return _unchecked("the system ended the runtime, as it does if memory runs out")
        cause = _cause(lines, error, limit)
        if not error.timed_out and _works_without_options(question, runtime, limit):
            written = printable(" ".join(question.default_args))
            raise UsageError(f"default options {written!r}: {cause}", _OTHER_OPTIONS) from None
        raise _refusal(question, lines, cause) from None
    return ""


def _works_without_options(question: Question, runtime: Runtime, limit: float) -> bool:
    if not question.default_args:
        return False
    try:
        _ask(dataclasses.replace(question, default_args=()), runtime, limit, [])
    except (OSError, process.ProcessFailed):
        return False
    return True


def _ask(question: Question, runtime: Runtime, limit: float, lines: list[str]) -> None:
    words: list[str | Path] = [_COMMAND, *question.default_args, "-m", question.model.absolute()]
    if question.projector is not None:
        words += ["--mmproj", question.projector.absolute()]
    words += ["--ctx-size", str(min(question.context_length, _MOST_CONTEXT))]
    ask_runtime(runtime, words, lines, limit)


def _unchecked(why: str) -> str:
    return f"mkexe did not test the model: {why}"


def _refused(lines: list[str]) -> str | None:
    return next((line for line in lines if line.startswith(_REFUSED)), None)


def _cause(lines: list[str], error: process.ProcessFailed, limit: float) -> str:
    """Why the runtime cannot use the model, in one line."""
    refused = _refused(lines)
    if refused is not None:
        cause = _words_of(refused.removeprefix(_REFUSED).strip())
    elif error.timed_out:
        cause = f"llama.cpp did not finish with it in {limit:.0f} s"
    else:
        cause = f"llama.cpp crashes with it: {_last_words(lines, error.returncode)}"
    return " ".join(printable(cause).split())[:_SHOWN_CHARACTERS].rstrip(".")


def _refusal(question: Question, lines: list[str], cause: str) -> ModelError:
    of_projector = _READING_PROJECTOR in lines
    path = question.projector if of_projector and question.projector is not None else question.model
    return ModelError(f"{printable(path.name)} cannot be used: {cause}.", _hint(_refused(lines) or "", of_projector))


def _words_of(refused: str) -> str:
    """The first message of llama.cpp, without the names of its functions."""
    of_template = "chat template: " if "chat_templates" in refused.partition(" ")[0] else ""
    return of_template + _PREAMBLE.sub("", _FOLLOWING.sub("", refused)) or "llama.cpp does not say why"


def _last_words(lines: list[str], status: int) -> str:
    """The runtime's last message; without one, how the process ended."""
    crashed = next((found for line in lines if (found := _CRASHED.fullmatch(line))), None)
    return crashed[1] if crashed is not None else f"it ended with {process.describe_status(status)}"


def _hint(refused: str, of_projector: bool) -> str:
    if "template" in refused:
        return _OTHER_TEMPLATE
    return _OTHER_PROJECTOR if of_projector else _OTHER_MODEL
