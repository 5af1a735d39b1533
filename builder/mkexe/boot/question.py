"""Test everything that a started artifact must answer: its key, its page, and a question for the model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import cast

from mkexe.artifact.reader import Artifact
from mkexe.boot.started_server import StartedServer
from mkexe.errors import BootError

DEFAULT_QUESTION = "Say hello."
_ANSWER_TOKENS = 64


@dataclass(frozen=True)
class Question:
    """A question for the model, and the exact answer that is expected, if any."""

    text: str
    expected: str | None


def interrogate(server: StartedServer, artifact: Artifact, question: Question) -> str:
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


def _ask(server: StartedServer, question: Question) -> str:
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


def _ask_embedding(server: StartedServer, question: Question) -> str:
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
