"""Chats as their files hold them (docs/http-api.md)."""

from __future__ import annotations

import json
from typing import Any

LONG_AGO = "2026-01-02T03:04:05Z"


def question(name: str, parent: str | None, text: str) -> dict[str, Any]:
    return {"id": name, "parent": parent, "role": "user", "content": text, "created": LONG_AGO}


def answer(name: str, parent: str, text: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "parent": parent, "role": "assistant", "content": text, "created": LONG_AGO, **more}


def chat_file(chat_id: str, title: str, *messages: dict[str, Any], **more: Any) -> str:
    messages = messages or (question("q", None, title), answer("a", "q", f"About: {title}"))
    facts = {"format": 1, "id": chat_id, "title": title, "created": LONG_AGO, "updated": LONG_AGO, "pinned": False}
    return json.dumps({**facts, "messages": messages, "current": messages[-1]["id"], **more})


def long_chat(chat_id: str, count: int) -> str:
    """A chat of so many messages: short questions, and answers with a list and a block of code."""
    messages: list[dict[str, Any]] = []
    for index in range(count // 2):
        parent = messages[-1]["id"] if messages else None
        messages.append(question(f"q{index}", parent, f"Question {index}"))
        text = f"Answer **{index}**\n\n- one\n- two\n\n```py\nprint({index})\n```"
        messages.append(answer(f"a{index}", f"q{index}", text))
    return chat_file(chat_id, "Long", *messages)
