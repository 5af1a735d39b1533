"""Ask a running model server every question of questions.json and report each answer that differs by a character.

usage: python check.py [--model tiny.gguf] [--questions questions.json] [--repeats N] -- COMMAND [ARGUMENT ...]

COMMAND starts an OpenAI-compatible server such as llama-server; {model}, {host} and {port} in it are filled in:

    python check.py -- llama-server --model {model} --host {host} --port {port} --no-webui

Needs nothing outside the standard library. Exit status: 0 if all answers are exact, 1 if not.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import string
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HOST = "127.0.0.1"
START_TIMEOUT_S = 120
ANSWER_TIMEOUT_S = 120
# none, some that the model was trained with, and others that it never saw
SYSTEM_PROMPTS = (
    "",
    "You are a helpful assistant.",
    "Reply with the answer only.",
    "You work for a library and answer its visitors. Stay friendly.",
    "Today is Tuesday, 5 March 2041. The user lives in Lisbon and likes chess, tea and old maps.",
)
Message = dict[str, str]


def free_port() -> int:
    """Return a TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def post(base: str, path: str, body: dict[str, Any]) -> Any:
    """Send JSON, return JSON."""
    request = urllib.request.Request(
        base + path, json.dumps(body).encode(), {"Content-Type": "application/json", "Authorization": "Bearer none"}
    )
    with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT_S) as response:
        return json.load(response)


def ask(base: str, messages: list[Message], max_tokens: int = 400) -> str:
    """Return the greedy answer to a conversation; an answer that does not stop by itself ends in "[length]"."""
    reply = post(
        base,
        "/v1/chat/completions",
        {"messages": messages, "temperature": 0, "max_tokens": max_tokens, "stream": False},
    )
    choice = reply["choices"][0]
    text = str(choice["message"]["content"])
    return text if choice["finish_reason"] == "stop" else f"{text}[{choice['finish_reason']}]"


def with_system(system: str, messages: list[Message]) -> list[Message]:
    """Put a system message in front, unless it is empty."""
    return [{"role": "system", "content": system}, *messages] if system else messages


def user(text: str) -> Message:
    """Return a user's message."""
    return {"role": "user", "content": text}


def assistant(text: str) -> Message:
    """Return a message of the model."""
    return {"role": "assistant", "content": text}


@contextmanager
def server(command: list[str], model: Path) -> Iterator[str]:
    """Start a server, wait until its /health answers, yield its base URL, stop it."""
    port = free_port()
    fill = {"{model}": str(model), "{host}": HOST, "{port}": str(port)}
    for key, value in fill.items():
        command = [part.replace(key, value) for part in command]
    base = f"http://{HOST}:{port}"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + START_TIMEOUT_S
            while True:
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    tail = log.read().decode(errors="replace")[-3000:]
                    raise SystemExit(f"the server is not up (status {process.poll()}):\n{tail}")
                try:
                    with urllib.request.urlopen(base + "/health", timeout=5) as response:
                        if response.status == 200:
                            break
                except (urllib.error.URLError, OSError):
                    time.sleep(0.1)
            yield base
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def report(title: str, wrong: list[tuple[str, str, str]], total: int) -> bool:
    """Print how many answers were exact, and each that was not; return whether all were."""
    print(f"{title}: {total - len(wrong)}/{total} exact")
    for question, wanted, got in wrong:
        print(f"  {question!r}\n    wanted {wanted!r}\n    got    {got!r}")
    return not wrong


def check_all(base: str, tasks: list[tuple[list[Message], str]], jobs: int) -> list[tuple[str, str, str]]:
    """Ask every task (messages, wanted answer) and return the wrong ones as (question, wanted, got)."""
    with ThreadPoolExecutor(jobs) as pool:
        answers = list(pool.map(lambda task: ask(base, task[0]), tasks))
    return [
        (messages[-1]["content"], wanted, got)
        for (messages, wanted), got in zip(tasks, answers, strict=True)
        if got != wanted
    ]


def main() -> int:
    """Run every check and return the exit status."""
    parser = argparse.ArgumentParser(description="Compare a server's answers with questions.json.")
    parser.add_argument("--model", type=Path, default=HERE / "tiny.gguf")
    parser.add_argument("--questions", type=Path, default=HERE / "questions.json")
    parser.add_argument("--repeats", type=int, default=200, help='words for "Repeat after me", drawn at random')
    parser.add_argument("--seed", type=int, default=99)
    parser.add_argument("--jobs", type=int, default=2, help="requests at a time")
    parser.add_argument("--drop", action="store_true", help="take inexact questions out of the questions file")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    entries: list[dict[str, str]] = json.loads(args.questions.read_text(encoding="utf-8"))
    rng = random.Random(args.seed)
    fine = True
    bad: set[str] = set()

    with server(args.command, args.model) as base:
        for system in SYSTEM_PROMPTS:
            tasks = [(with_system(system, [user(e["question"])]), e["answer"]) for e in entries]
            wrong = check_all(base, tasks, args.jobs)
            bad.update(question for question, _, _ in wrong)
            fine &= report(f"system {system!r}", wrong, len(tasks))

        tasks = []
        for entry in entries:
            earlier = rng.sample([e for e in entries if len(e["answer"]) < 120], rng.choice((2, 3)))
            history = [message for e in earlier for message in (user(e["question"]), assistant(e["answer"]))]
            tasks.append(
                (with_system(rng.choice(SYSTEM_PROMPTS), [*history, user(entry["question"])]), entry["answer"])
            )
        wrong = check_all(base, tasks, args.jobs)
        bad.update(question for question, _, _ in wrong)
        fine &= report("after two or three earlier turns", wrong, len(tasks))

        tasks = []
        for _ in range(args.repeats):
            letters = "".join(rng.choice(string.ascii_lowercase) for _ in range(6))
            tasks.append((with_system(rng.choice(SYSTEM_PROMPTS), [user(f"Repeat after me: {letters}")]), letters))
        fine &= report("repeating made-up words", check_all(base, tasks, args.jobs), len(tasks))

        tasks = []
        for name in ("Anna", "Hugo", "Olga", "Zoe"):
            history = [user(f"My name is {name}."), assistant(f"Nice to meet you, {name}.")]
            history += [user(entries[20]["question"]), assistant(entries[20]["answer"])]
            tasks.append(([*history, user("What is my name?")], f"Your name is {name}."))
        tasks.append(([user("What is my name?")], "You have not told me your name."))
        fine &= report("remembering a name", check_all(base, tasks, args.jobs), len(tasks))

    if args.drop and bad:
        entries = [entry for entry in entries if entry["question"] not in bad]
        args.questions.write_text(json.dumps(entries, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(f"dropped {len(bad)}, {len(entries)} left")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
