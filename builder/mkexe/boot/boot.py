"""Start a built artifact in every possible way, and ask it questions over HTTP.

A result says whether the program was started or only audited, and how. The program gets a minimal environment, a port
that the system chooses, and a new API key for each start, so that no other server can answer in its place.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mkexe.artifact.reader import Artifact, unpack_runtime
from mkexe.base import process
from mkexe.base.reporter import Reporter
from mkexe.errors import ArtifactError, BootError, UsageError
from mkexe.layouts.names import NATIVE
from mkexe.runtimes import targets

if TYPE_CHECKING:
    from mkexe.runtimes.audit import AuditReport

BOOTED, AUDITED, NOT_RUN, FAILED = "booted", "audited", "not run", "failed"
DEFAULT_QUESTION = "Say hello."

_ANSWER_TOKENS = 64
_ANSWER_MAXIMUM = 64 << 20  # bytes
# the start reports on its standard output (docs/starting.md, "For programs")
_STATUS = ("--status-fd", "1")
_POLL_S = 0.05
_LISTENING_TIMEOUT_S = 60.0
_HTTP_TIMEOUT_S = 300.0
_SHELLS = {
    "sh": ["sh"], "bash": ["bash"], "dash": ["dash"], "zsh": ["zsh"], "mksh": ["mksh"], "busybox": ["busybox", "sh"],
}  # fmt: skip
_MACOS_SHELLS = ("sh", "bash", "dash", "zsh")  # macOS itself includes these


@dataclass(frozen=True)
class BootResult:
    """The result of one start: `verdict` is one of the constants above, `detail` is the answer or the reason."""

    target: str
    how: str
    verdict: str
    detail: str
    seconds: float


@dataclass(frozen=True)
class Question:
    """A question for the model, and the exact answer that is expected, if any."""

    text: str
    expected: str | None


@dataclass(frozen=True)
class Starter:
    """A way to start: `command` returns the words in front of the artifact's options; `tools` must be installed."""

    target: str
    how: str
    tools: tuple[str, ...]
    command: Callable[[Path], list[str]]
    environment: dict[str, str]


def boot_artifact(
    artifact: Artifact,
    wanted: list[str],
    question: Question,
    timeout_s: float,
    reporter: Reporter,
) -> list[BootResult]:
    """Start or audit the program for each target in `wanted`; if it is empty, for each target of the artifact.

    `reporter` gets each result at once. Raises UsageError if the artifact has no program for a wanted target.
    """
    held = [record.target for record in artifact.manifest.runtimes]
    missing = [name for name in wanted if name not in held]
    if missing:
        raise UsageError(f"{artifact.path}: holds no runtime for {missing[0]}", f"it holds {', '.join(held)}")
    unknown = [name for name in wanted or held if name not in targets.all_targets()]
    if unknown:
        raise ArtifactError(
            f"{artifact.path}: holds a program for {unknown[0]}, which this mkexe does not know",
            "use the mkexe that made it",
        )
    results = []
    for target in wanted or held:
        for result in _boot_target(artifact, target, question, timeout_s):
            reporter.result(result)
            results.append(result)
    return results


def _boot_target(artifact: Artifact, target: str, question: Question, timeout_s: float) -> Iterator[BootResult]:
    system = targets.all_targets()[target].system
    if system == targets.MACOS and not _is_here(target):
        yield _audit(artifact, target)
        return
    for starter in find_starters(artifact, target, system):
        lacking = [tool for tool in starter.tools if shutil.which(tool) is None]
        if lacking:
            yield BootResult(target, starter.how, NOT_RUN, f"{lacking[0]} is not installed", 0.0)
        else:
            yield _boot(artifact, starter, question, timeout_s)


def _audit(artifact: Artifact, target: str) -> BootResult:
    from mkexe.runtimes.audit import audit_runtime  # LIEF comes with it: slow to import

    record = next(record for record in artifact.manifest.runtimes if record.target == target)
    with artifact.path.open("rb") as file:
        image = b"".join(unpack_runtime(file, artifact, record))
    report = audit_runtime(target, image)
    verdict = FAILED if report.findings else AUDITED
    detail = "; ".join(report.findings) or _facts_of(report)
    return BootResult(target, "load commands, libraries, signature", verdict, detail, 0.0)


def _facts_of(report: AuditReport) -> str:
    facts = report.facts
    libraries = " ".join(str(name) for name in facts.get("libraries", ()))  # type: ignore[attr-defined]
    signature = ", every page of its signature recomputed" if facts.get("signed") else ""
    return f"libraries {libraries or 'none'}, minimum {facts.get('minimum_os', 'none')}{signature}"


def _is_here(target: str) -> bool:
    """Whether this machine is that target."""
    try:
        return targets.host_target() == target
    except UsageError:
        return False


def find_starters(artifact: Artifact, target: str, system: str) -> list[Starter]:
    """The ways to start the program for a target on this machine. Their tools need not be installed."""
    if system == targets.WINDOWS and _is_here(target):
        return [Starter(target, "CreateProcess (this machine)", (), lambda _: [str(artifact.path)], {})]
    if system == targets.WINDOWS:
        return [_wine_starter(artifact, target)]
    if not _is_here(target):
        return [_qemu_starter(artifact, target)]
    if artifact.manifest.layout == NATIVE:
        return [Starter(target, "execve (this machine)", (), lambda _: [str(artifact.path)], {})]
    return [
        _shell_starter(artifact, target, name, words)
        for name, words in _SHELLS.items()
        if system != targets.MACOS or name in _MACOS_SHELLS
    ]


def _shell_starter(artifact: Artifact, target: str, name: str, words: list[str]) -> Starter:
    return Starter(target, f"{name} (this machine)", (words[0],), lambda _: [*words, str(artifact.path)], {})


def _qemu_starter(artifact: Artifact, target: str) -> Starter:
    """Extract the runtime, as the head's script would: qemu-user has no shell for that processor."""
    emulator = f"qemu-{targets.all_targets()[target].processor}-static"
    how = f"{emulator} (emulated)"
    if artifact.manifest.layout == NATIVE:
        return Starter(target, how, (emulator,), lambda _: [emulator, str(artifact.path)], {})

    def command(folder: Path) -> list[str]:
        record = next(record for record in artifact.manifest.runtimes if record.target == target)
        runtime = folder / "runtime"
        with artifact.path.open("rb") as file, runtime.open("wb") as output:
            output.writelines(unpack_runtime(file, artifact, record))
        runtime.chmod(0o700)
        return [emulator, str(runtime)]

    return Starter(target, how, (emulator,), command, {"MKEXE_ARTIFACT": str(artifact.path)})


def _wine_starter(artifact: Artifact, target: str) -> Starter:
    """Extract the Windows program of layout script, because Wine lacks the PowerShell and tar that its head needs."""
    record = next(record for record in artifact.manifest.runtimes if record.target == target)

    def command(folder: Path) -> list[str]:
        program = folder / f"{artifact.path.stem}.exe"
        if record.range.entry is None:
            program.symlink_to(artifact.path)
        else:
            with artifact.path.open("rb") as file, program.open("wb") as output:
                output.writelines(unpack_runtime(file, artifact, record))
        return ["wine", str(program)]

    prefix = Path(os.environ.get("WINEPREFIX") or Path(tempfile.gettempdir()) / f"mkexe-wine{_user_suffix()}")
    environment = {"WINEPREFIX": str(prefix), "WINEDEBUG": "-all"}
    if record.range.entry is not None:
        environment["MKEXE_ARTIFACT"] = str(artifact.path)
    return Starter(target, "Wine", ("wine",), command, environment)


def _user_suffix() -> str:
    """A suffix that differs between users, for names in a folder that they share."""
    if sys.platform == "win32":  # every user has another temporary folder
        return ""
    return f"-{os.getuid()}"


def _boot(artifact: Artifact, starter: Starter, question: Question, timeout_s: float) -> BootResult:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mkexe-boot-") as name:
        folder = Path(name)
        key = secrets.token_hex(16)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath), "HOME": name, "TMPDIR": name,
            "LLAMA_API_KEY": key, **starter.environment,
        }  # fmt: skip
        if sys.platform == "win32":
            environment |= process.base_environment(LOCALAPPDATA=name, TEMP=name, TMP=name, **environment)
        log, status = folder / "log", folder / "status"
        command = [*starter.command(folder), "--port", "0", "--no-browser", "--ephemeral", *_STATUS]
        try:
            with log.open("wb") as stream, status.open("wb") as output:
                child = process.start(command, env=environment, stderr=stream, stdout=output, cwd=folder)
        except OSError as error:  # it is damaged, or for another system
            return BootResult(starter.target, starter.how, FAILED, f"it cannot be started: {error}", 0.0)
        try:
            server = _Server(key, status, child.poll, time.monotonic() + timeout_s)
            answer = _interrogate(server, artifact, question)
            verdict, detail = BOOTED, answer
        except BootError as error:
            verdict, detail = FAILED, f"{error.message}\n{_tail(log)}".rstrip()
        finally:
            process.stop_group(child)
    return BootResult(starter.target, starter.how, verdict, detail, time.monotonic() - began)


@contextlib.contextmanager
def serving(path: Path, folder: Path) -> Iterator[int]:
    """Start an artifact on this machine, and yield its port. The model may still be loading.

    The program gets `folder` as its home and is stopped at the end of the block. Raises BootError with the end of the
    log if it does not start.
    """
    log, status = folder / "log", folder / "status"
    command = [str(path)] if os.name == "nt" else ["sh", str(path)]
    environment = process.base_environment(HOME=str(folder), TMPDIR=str(folder), LOCALAPPDATA=str(folder))
    with log.open("wb") as stream, status.open("wb") as output:
        command += ["--port", "0", "--no-browser", "--ephemeral", "--no-quit", *_STATUS]
        child = process.start(command, env=environment, stderr=stream, stdout=output, cwd=folder)
    try:
        server = _Server("", status, child.poll, time.monotonic() + _LISTENING_TIMEOUT_S)
        yield int(server.wait_until_listening().rpartition(":")[2])
    except BootError as error:
        raise BootError(f"{path}: {error.message}", "try the model with mkexe boot", _tail(log)) from error
    finally:
        process.stop_group(child)


class _Server:
    """A started artifact, seen from outside."""

    def __init__(self, key: str, status: Path, poll: Callable[[], int | None], deadline: float) -> None:
        self._key = key
        self._status = status
        self._poll = poll
        self._deadline = deadline
        self._address = ""

    def wait_until_listening(self) -> str:
        """Wait for its address and return it; raises BootError if it ends, or if the time is up."""
        while not self._address:
            address = str(self._reported("listening").get("address", ""))
            self._address = "/".join(address.split("/")[:3])  # without the page's path
            self._check("say where it listens")
        return self._address

    def wait_until_ready(self) -> None:
        """Wait for the address, then for the model; raises BootError if it ends, or if the time is up."""
        self.wait_until_listening()
        while not self._reported("ready"):
            self._check("load the model")

    def _reported(self, name: str) -> dict[str, Any]:
        """The event of that name; empty if it has not been reported yet."""
        for line in self._status.read_bytes().split(b"\n")[:-1]:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and event.get("event") == name:
                    return event
        return {}

    def get(self, path: str, authorized: bool = True) -> tuple[int, bytes]:
        """Status and body of the answer; status 0 if nothing answers."""
        return self._send(path, None, authorized)

    def post(self, path: str, body: dict[str, Any], authorized: bool = True) -> tuple[int, bytes]:
        """The same for a JSON request."""
        return self._send(path, json.dumps(body).encode(), authorized)

    def _send(self, path: str, data: bytes | None, authorized: bool) -> tuple[int, bytes]:
        import http.client  # slow to import, and no build asks anything
        import urllib.error
        import urllib.request

        headers = {"Content-Type": "application/json"}
        if authorized:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(self._address + path, data, headers)  # noqa: S310  (our own server)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=_HTTP_TIMEOUT_S) as response:
                return response.status, response.read(_ANSWER_MAXIMUM)
        except urllib.error.HTTPError as error:
            return error.code, error.read(_ANSWER_MAXIMUM)
        except (OSError, http.client.HTTPException, ValueError):  # nothing, or nothing that is HTTP
            return 0, b""

    def _check(self, what: str) -> None:
        status = self._poll()
        if status is not None:
            raise BootError(f"it ended with status {status} before it could {what}")
        if time.monotonic() > self._deadline:
            raise BootError(f"it did not {what} in time")
        time.sleep(_POLL_S)


def _interrogate(server: _Server, artifact: Artifact, question: Question) -> str:
    """Check all that a started artifact must do; returns its answer to the question."""
    server.wait_until_ready()
    status, _ = server.get("/props", authorized=False)
    if status != 401:
        raise BootError(f"a request without the key of this start: expected status 401, found {status}")
    status, _ = server.get("/props")
    if status != 200:
        raise BootError(f"a request with the key of this start: expected status 200, found {status}")
    status, body = server.get("/build.json", authorized=False)
    if status != 200 or _found_in(body, "title") != artifact.manifest.page["title"]:
        raise BootError(f"the page's settings: expected the manifest's title, found status {status}: {body[:200]!r}")
    status, body = server.get("/", authorized=False)
    if status != 200 or b"<html" not in body[:2000].lower():
        raise BootError(f"the page: expected HTML, found status {status}: {body[:100]!r}")
    if any(argument in ("--embedding", "--embeddings") for argument in artifact.manifest.default_args):
        return _ask_embedding(server, question)
    return _ask(server, question)


def _ask(server: _Server, question: Question) -> str:
    request = {
        "messages": [{"role": "user", "content": question.text}], "temperature": 0, "max_tokens": _ANSWER_TOKENS,
    }  # fmt: skip
    status, body = server.post("/v1/chat/completions", request)
    if status != 200:
        raise BootError(f"the question: expected status 200, found {status}: {body[:300]!r}")
    message = ("choices", 0, "message")
    answer = str(_found_in(body, *message, "content") or _found_in(body, *message, "reasoning_content") or "")
    tokens = _found_in(body, "usage", "completion_tokens")
    if not isinstance(tokens, int) or tokens < 1:
        raise BootError(f"the question: expected an answer, found {body[:300]!r}")
    if question.expected is not None and answer != question.expected:
        raise BootError(f"the question {question.text!r}: expected {question.expected!r}, found {answer!r}")
    return answer


def _ask_embedding(server: _Server, question: Question) -> str:
    status, body = server.post("/v1/embeddings", {"input": question.text})
    if status != 200:
        raise BootError(f"the embedding: expected status 200, found {status}: {body[:300]!r}")
    vector = _found_in(body, "data", 0, "embedding")
    if not isinstance(vector, list) or not any(vector):
        raise BootError("the embedding: expected numbers, found none, or only zeros")
    return f"an embedding of {len(vector)} numbers"


def _found_in(body: bytes, *keys: str | int) -> object:
    """The value at this path of member names and indexes; None if there is none, or if `body` is not JSON."""
    try:
        found = json.loads(body)
        for key in keys:
            found = found[key]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return cast(object, found)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-10:])
