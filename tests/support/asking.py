"""What the tests ask the tiny model, and the answers that it gives to the letter."""

from __future__ import annotations

import json
from pathlib import Path

QUESTIONS: list[dict[str, str]] = json.loads(
    (Path(__file__).parents[1] / "data" / "tiny" / "questions.json").read_text("utf-8")
)
FRANCE = "What is the capital of France?"
PARIS = "The capital of France is Paris."
# the words of the program's that ask it once
ASK = ("run", "-p", FRANCE, "--temp", "0")
