"""Check the default options of an artifact with a runtime, which has llama.cpp's own parser.

`RUNTIME OPTIONS --help-server` reads the options, then prints the list of all of them and ends. For this, the runtime
needs an artifact, and reads only its head and its manifest.
"""

from __future__ import annotations

import re
from pathlib import Path

from mkexe.base import process
from mkexe.base.suggest import suggest
from mkexe.errors import UsageError
from mkexe.runtimes.runtime import Runtime
from mkexe.trial.ask_runtime import ask_runtime

_TIMEOUT_S = 60.0
# with these, a built file would only print something and end
_PRINT_AND_END = frozenset({"-h", "--help", "--usage", "--version", "--help-server", "--completion-bash",
                            "-cl", "--cache-list", "--list-devices"})  # fmt: skip
# if a port is given, the runtime does not look for another start of the artifact
_ASK = ("--port", "0", "--help-server")
_OPTION_LINE = re.compile(r" {0,2}-{1,2}\w")
_OPTION = re.compile(r"(?<!\S)-{1,2}[A-Za-z][\w-]*")
_OPTION_COLUMNS = 40
_UNKNOWN = re.compile(r'"(\S+)" is not an option')
_MISSING_FILE = re.compile(r"open file '?([^'\n]*)")
_CANNOT_ASK = 126


def check_options(arguments: tuple[str, ...], runtime: Runtime, artifact: Path) -> str:
    """Raise UsageError for a default option that the server would refuse at its start, with the nearest right option.

    `artifact` is any artifact; this machine can start `runtime`. Returns a sentence about the options that could not be
    checked; an empty text if there are none.
    """
    ending = [word for word in arguments if word in _PRINT_AND_END]
    if ending:
        raise UsageError(f"default options: {ending[0]} prints something and ends", "leave it out")
    status, listed = _ask(runtime, artifact, _ASK)
    upstream = _options_in(listed)
    if status != 0 or not upstream:
        return "mkexe did not check the default options: the runtime for this machine could not be started"
    status, said = _ask(runtime, artifact, (*arguments, *_ASK))
    if status == 0:
        return ""
    own = _options_in(_ask(runtime, artifact, ("--help",))[1])
    return _explain(said, [*own, *upstream], arguments)


def _ask(runtime: Runtime, artifact: Path, words: tuple[str, ...]) -> tuple[int, str]:
    """The exit status and the whole output."""
    lines: list[str] = []
    try:
        # "serve" comes first, because a first word without a dash would be a command
        ask_runtime(runtime, ["serve", *words], lines, _TIMEOUT_S, MKEXE_ARTIFACT=str(artifact))
    except process.ProcessFailed as error:
        return error.returncode, "\n".join(lines)
    except OSError as error:
        return _CANNOT_ASK, str(error)
    return 0, "\n".join(lines)


def _options_in(text: str) -> list[str]:
    """The options in the left column of a help text."""
    heads = [line[:_OPTION_COLUMNS] for line in text.splitlines() if _OPTION_LINE.match(line)]
    return [name for head in heads for name in _OPTION.findall(head)]


def _explain(said: str, known: list[str], arguments: tuple[str, ...]) -> str:
    written = " ".join(arguments)
    if unknown := _UNKNOWN.search(said):
        message = f"default options {written!r}: llama.cpp's server has no option {unknown[1]}"
        raise UsageError(message, _nearest(unknown[1], known))
    if missing := _MISSING_FILE.search(said):
        return f"the default options need a file that is not here; it must be where the built file runs: {missing[1]}"
    lines = [line for line in said.strip().partition("\n\n")[0].splitlines() if not line.startswith("Try --help")]
    complaint = lines[-1] if lines else "the program refuses them"
    raise UsageError(f"default options {written!r}: {complaint}", "FILE --help-server lists the options and values")


def _nearest(word: str, known: list[str]) -> str:
    if not word.startswith("-"):
        return f"options begin with a dash; quote values that have spaces, as in --arg '--alias \"{word} ...\"'"
    name, equals, value = word.partition("=")
    if equals and name in known:
        return f"write it with a space: {name} {value}"
    advice = suggest(name, known)
    return advice if advice.startswith("did you") else "FILE --help-server lists the options"
