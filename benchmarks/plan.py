"""The plan of the measurements: models, settings, requests and metrics."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from support.random_model import Shape

SIZES = {
    "0.5B": Shape(layers=24, dim=1024, ff=4096, heads=16, kv_heads=4),
    "1.2B": Shape(layers=16, dim=2048, ff=8192, heads=32, kv_heads=8),
    "3B": Shape(layers=28, dim=3072, ff=8192, heads=24, kv_heads=8),
}
TYPES = ("Q4_0", "Q4_K_M", "Q8_0", "F16")
QUICK_SIZES, QUICK_TYPES, QUICK_PAIRS = ("0.5B",), ("Q4_0", "Q8_0"), 3
PAIRS = 7

OURS, REFERENCE, NODE, COPY = "mkexe", "llama-server", "node-llama-cpp", "cp"
PEERS = (REFERENCE, NODE)

# the tables: every program with the same settings, every program with its defaults, and sizes on the disk
SAME, DEFAULTS, FILES = "same settings", "own defaults", "files"
DEFAULTS_SIZE = "1.2B"  # the second table is for this size, or for the smallest chosen size
PARALLEL = 4
CONTEXT_PER_REQUEST = 1024
BATCH, MICRO_BATCH = 2048, 512


@dataclass(frozen=True)
class ModelCase:
    """A model of the table."""

    size: str
    type_name: str

    @property
    def name(self) -> str:
        """The name in the table."""
        return f"{self.size} {self.type_name}"


@dataclass(frozen=True)
class Request:
    """One step of a run: `parallel` requests at once, each of `prompt` random tokens, `predict` tokens generated."""

    metric: str
    prompt: int
    predict: int
    parallel: int


WARM_UP = Request("", 32, 8, 1)
REQUESTS = (
    Request("prompt_128", 128, 1, 1),
    Request("prompt_512", 512, 1, 1),
    Request("generation_32", 16, 32, 1),
    Request(f"prompt_128_x{PARALLEL}", 128, 1, PARALLEL),
    Request(f"prompt_512_x{PARALLEL}", 512, 1, PARALLEL),
    Request(f"generation_32_x{PARALLEL}", 16, 32, PARALLEL),
)


@dataclass(frozen=True)
class Metric:
    """The beginning of a row. `factor` converts the raw unit (tokens/s, s, bytes) into the shown unit."""

    title: str
    unit: str
    higher_is_better: bool
    factor: float = 1.0


METRICS = {
    "prompt_128": Metric("prompt of 128 tokens", "tokens/s", True),
    "prompt_512": Metric("prompt of 512 tokens", "tokens/s", True),
    "generation_32": Metric("generation of 32 tokens", "tokens/s", True),
    f"prompt_128_x{PARALLEL}": Metric(f"{PARALLEL} prompts of 128 tokens at once", "tokens/s", True),
    f"prompt_512_x{PARALLEL}": Metric(f"{PARALLEL} prompts of 512 tokens at once", "tokens/s", True),
    f"generation_32_x{PARALLEL}": Metric(f"{PARALLEL} generations of 32 tokens at once", "tokens/s", True),
    "first_answer": Metric("start to first HTTP answer", "ms", False, 1e3),
    "ready": Metric("start to model ready", "ms", False, 1e3),
    "first_token": Metric("first token after a prompt of 128", "ms", False, 1e3),
    "rss_ready": Metric("resident memory when ready", "MB", False, 1e-6),
    "rss": Metric("resident memory after the requests", "MB", False, 1e-6),
    "overhead": Metric("bytes beside the weights", "MB", False, 1e-6),
    "bundling": Metric("bundling the model", "s", False),
}


def choose_cases(sizes: tuple[str, ...], types: tuple[str, ...]) -> list[ModelCase]:
    """The models in the order of the measurements."""
    return [ModelCase(*pair) for pair in itertools.product(sizes, types)]


def server_arguments(threads: int) -> list[str]:
    """llama.cpp's server options that make two servers do the same work."""
    return [
        "--threads", str(threads), "--threads-batch", str(threads), "--ctx-size", str(PARALLEL * CONTEXT_PER_REQUEST),
        "--parallel", str(PARALLEL), "--batch-size", str(BATCH), "--ubatch-size", str(MICRO_BATCH),
        "--flash-attn", "auto", "--cache-ram", "0", "--log-verbosity", "1", "--no-kv-unified",
    ]  # fmt: skip
