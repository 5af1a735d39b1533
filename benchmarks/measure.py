"""One run of one program: start it, wait for it, send the requests, look at its memory, end it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from benchmarks import plan
from benchmarks.machine import LoadMeter, memory_of
from benchmarks.models import Model
from benchmarks.sessions import Answers, Session

# the way to start a program with one model and one kind of settings
Start = Callable[[], AbstractContextManager[Session]]
_FIRST_TOKEN = 100  # lower numbers are control tokens and single bytes


def run_once(start: Start, model: Model, seed: int) -> dict[str, Any]:
    """Measure one run, and return its raw record. With one seed, both programs of a pair get the same prompts.

    Requests that need a longer context than the model's are left out.
    """
    wanted = [step for step in plan.REQUESTS if step.parallel * (step.prompt + step.predict) <= model.context]
    rng = random.Random(seed)
    meter = LoadMeter()
    with start() as session:
        ready = memory_of(session.pid)
        send(session, plan.WARM_UP, model.vocabulary, rng)
        requests = {step.metric: asdict(send(session, step, model.vocabulary, rng)) for step in wanted}
        after = memory_of(session.pid)
        first_answer_s, ready_s = session.first_answer_s, session.ready_s
    return {
        "seed": seed,
        "first_answer_s": first_answer_s,
        "ready_s": ready_s,
        "memory_ready": asdict(ready),
        "memory": asdict(after),
        "requests": requests,
        "load": meter.stop().to_json(),
    }


def send(session: Session, request: plan.Request, vocabulary: int, rng: random.Random) -> Answers:
    """Send a step's requests, with prompts that were never sent before."""
    prompts = [
        [rng.randrange(_FIRST_TOKEN, vocabulary) for _ in range(request.prompt)] for _ in range(request.parallel)
    ]
    return session.complete(prompts, request.predict)


def metrics_of(run: dict[str, Any]) -> dict[str, float]:
    """The metrics of a raw record, in tokens/s, seconds and bytes. A metric that the program does not have is missing.

    The rate of a single request is the program's own figure. The rate of several requests at once is the number of all
    their tokens divided by the time until the last one ended. Prompts of 16 tokens before a generation count too.
    """
    if "seconds" in run:
        return {"bundling": run["seconds"]}
    found = {"ready": run["ready_s"], "rss_ready": run["memory_ready"]["rss"], "rss": run["memory"]["rss"]}
    if run["first_answer_s"] is not None:
        found["first_answer"] = run["first_answer_s"]
    for metric, request in run["requests"].items():
        kind = "prompt" if metric.startswith("prompt") else "predicted"
        answers = request["answers"]
        if len(answers) == 1:
            found[metric] = answers[0][f"{kind}_rate"]
        else:
            found[metric] = sum(answer[f"{kind}_tokens"] for answer in answers) / request["wall_s"]
    found["first_token"] = run["requests"]["prompt_128"]["answers"][0]["first_token_s"]
    return found
