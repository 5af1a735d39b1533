"""The second peer: node-llama-cpp, llama.cpp as prebuilt libraries for Node, from npm at a pinned version.

It has no HTTP server: node/peer.mjs calls its API for sequences, and gets requests over a pipe.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import plan
from benchmarks.sessions import Answer, Answers
from mkexe.base import cache
from mkexe.errors import BootError
from mkexe.page import bundle

_HERE = Path(__file__).resolve().parent / "node"
# without the optional packages for other systems and for graphics cards, which have hundreds of megabytes
_NPM_INSTALL = (
    "install", "--ignore-scripts", "--omit=optional", "--no-save", "--no-package-lock", "--no-audit", "--no-fund",
    "--no-update-notifier",
)  # fmt: skip


@dataclass(frozen=True)
class NodePeer:
    """An installed node-llama-cpp. `size_bytes` is the size of it, the packages that it needs, and Node."""

    folder: Path
    node: bundle.Node
    version: str
    release: str
    size_bytes: int


def find_node_peer() -> NodePeer:
    """node-llama-cpp from the cache; npm installs it if it is missing. Raises PageError if that fails."""
    node = bundle.find_node()
    manifest = json.loads((_HERE / "package.json").read_text("utf-8"))
    version = manifest["dependencies"]["node-llama-cpp"]
    binaries = _binaries_package(manifest)
    folder = cache.root() / "node-llama-cpp" / cache.key_of({"version": version, "binaries": binaries})
    with cache.locked("node-llama-cpp"):
        if not folder.is_dir():
            with cache.new_folder(folder) as temporary:
                (temporary / "package.json").write_text('{"private": true}\n', "utf-8")
                packages = (f"node-llama-cpp@{version}", f"{binaries}@{version}")
                bundle.run_npm(node, (*_NPM_INSTALL, *packages), temporary, folder.with_suffix(".log"))
    library = folder / "node_modules" / "node-llama-cpp"
    release = json.loads((library / "llama" / "binariesGithubRelease.json").read_text("utf-8"))["release"]
    installed = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    size = installed + node.executable.stat().st_size
    return NodePeer(folder, node, version, str(release), size)


def _binaries_package(manifest: dict[str, Any]) -> str:
    """The package of prebuilt libraries for this machine."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(_machine(), "")
    name = f"@node-llama-cpp/linux-{machine}"
    if name not in manifest["optionalDependencies"]:
        raise BootError(f"node-llama-cpp: no prebuilt library for {_machine()}", "leave it out with --peers")
    return name


def _machine() -> str:
    import platform

    return platform.machine() if sys.platform == "linux" else sys.platform


@dataclass
class NodeSession:
    """A Node process that has the model loaded."""

    child: subprocess.Popen[str]
    pid: int
    ready_s: float
    first_answer_s: float | None = None

    def complete(self, prompts: Sequence[Sequence[int]], predict: int) -> Answers:
        """Send one request over the pipe. Node itself measures the times."""
        reply = self._ask({"prompts": [list(prompt) for prompt in prompts], "predict": predict})
        pairs = zip(prompts, reply["answers"], strict=True)
        return Answers(reply["wall_s"], tuple(_answer(len(prompt), predict, raw) for prompt, raw in pairs))

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps(request) + "\n")
        self.child.stdin.flush()
        return _read_line(self.child)


def _answer(prompt_tokens: int, predict: int, raw: dict[str, Any]) -> Answer:
    if raw["predicted"] != predict:
        raise BootError(f"node-llama-cpp: expected {predict} generated tokens, found {raw['predicted']}")
    rest = raw["end_s"] - raw["first_token_s"]
    rate = (predict - 1) / rest if predict > 1 and rest > 0 else 0.0
    return Answer(raw["first_token_s"], prompt_tokens, prompt_tokens / raw["first_token_s"], predict, rate)


@contextlib.contextmanager
def node_session(
    peer: NodePeer, model: Path, threads: int | None, environment: dict[str, str], log: Path
) -> Iterator[NodeSession]:
    """Start Node, load the model, and end it afterwards; if `threads` is None, the library uses its defaults."""
    settings: dict[str, Any] = {
        "library": (peer.folder / "node_modules" / "node-llama-cpp" / "dist" / "index.js").as_uri(),
        "model": str(model),
        "sequences": plan.PARALLEL,
    }
    if threads is not None:
        settings |= {"threads": threads, "context": plan.CONTEXT_PER_REQUEST, "batch": plan.MICRO_BATCH}
    # beside node_modules, so that Node finds its imports there
    script = peer.folder / "peer.mjs"
    shutil.copyfile(_HERE / "peer.mjs", script)
    with log.open("wb") as stream:
        began = time.perf_counter()
        child = subprocess.Popen(
            [str(peer.node.executable), str(script), json.dumps(settings)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=stream, env=environment, text=True,
        )  # fmt: skip
    try:
        greeting = _read_line(child)
        ready = time.perf_counter() - began
        if threads is not None and greeting.get("threads") != threads:
            raise BootError(f"node-llama-cpp: expected {threads} threads, found {greeting}")
        yield NodeSession(child, child.pid, ready)
    finally:
        _stop(child)


def _stop(child: subprocess.Popen[str]) -> None:
    """Close the pipe, which ends the script. If it does not end, kill it."""
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()
    try:
        child.wait(30)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    child.stdout.close()


def _read_line(child: subprocess.Popen[str]) -> dict[str, Any]:
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        raise BootError(f"node-llama-cpp ended with status {child.wait()}", "its log says why")
    value: dict[str, Any] = json.loads(line)
    return value
