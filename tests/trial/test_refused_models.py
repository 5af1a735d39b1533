"""What `mkexe build` refuses because this machine's runtime cannot use it, and what it must not refuse.

The models are sound files that differ from one that works in one place. The short list is tried every day; the sweep
(`soak`) takes every number, every text, every tensor and every token in turn.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from gguf.constants import GGUFValueType

from conftest import TINY_MODEL, Mkexe
from mkexe import cli
from mkexe.errors import ModelError
from mkexe.models.gguf.check import check_model
from mkexe.runtimes import store as runtime_store
from mkexe.runtimes import targets
from mkexe.runtimes.runtime import Runtime
from mkexe.trial import model_check
from support.encoders import write_encoder
from support.mutated_models import (
    TOKENS,
    Change,
    Model,
    add_tensor,
    all_changes,
    as_architecture,
    changed,
    drop_key,
    drop_tensor,
    read_model,
    retype,
    set_item,
    set_items,
    set_key,
)
from support.random_model import Shape, write_random_model
from support.random_projector import write_random_projector
from support.running import Running, environment_of, run_to_end

TEMPLATE = "tokenizer.chat_template"
HOST = ("--target", "host")
TINY_WIDTH = 256


@pytest.fixture(scope="module")
def tiny() -> Model:
    return read_model(TINY_MODEL)


@pytest.fixture(scope="module")
def runtime(runtimes: dict[str, Path]) -> Runtime:
    """That of this machine."""
    found = runtime_store.find_runtime(targets.all_targets()[targets.host_target()])
    assert found is not None
    return found


def try_model(path: Path, runtime: Runtime, *default_args: str, projector: Path | None = None) -> None:
    """Ask the runtime alone, without what the builder looks at before."""
    question = model_check.Question(path, projector, 512, path.stat().st_size, default_args)
    assert model_check.check_model(question, runtime) == ""


NO_TEXTS = [6] * 1024  # tokens that are bytes, each

RAISING = "{{ raise_exception('only for translators') }}"
RAISING_FOR_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% for m in messages %}{{ m['content'] }}{% endfor %}"
)
STRING = GGUFValueType.STRING
REFUSED: dict[str, tuple[Change, str]] = {
    "negative epsilon": (set_key("llama.attention.layer_norm_rms_epsilon", -1.0), "eps >= 0"),
    "no epsilon": (drop_key("llama.attention.layer_norm_rms_epsilon"), "layer_norm_rms_epsilon"),
    "unknown rope scaling": (set_key("llama.rope.scaling.type", "other", STRING), "rope_scaling"),
    "odd rope dimensions": (set_key("llama.rope.dimension_count", 63), "63"),
    "too many rope dimensions": (set_key("llama.rope.dimension_count", 128), "128"),
    "one block less": (set_key("llama.block_count", 2), "wrong number of tensors"),
    "one block more": (set_key("llama.block_count", 4), "'blk.3.attn_norm.weight'"),
    "too many heads": (set_key("llama.attention.head_count", 2**31), ""),
    "no heads": (set_key("llama.attention.head_count", 0), ""),
    "heads that do not divide": (set_key("llama.attention.head_count_kv", 3), ""),
    "wrong width": (set_key("llama.embedding_length", 255), ""),
    "wrong feed forward length": (set_key("llama.feed_forward_length", 257), "wrong shape"),
    "more layers ahead than layers": (set_key("llama.nextn_predict_layers", 9), "n_layer_nextn"),
    "experts that are not there": (set_key("llama.expert_used_count", 2), "n_expert"),
    "too many experts": (set_key("llama.expert_count", 5000), "LLAMA_MAX_EXPERTS"),
    "equal tokens": (set_item(TOKENS, 6, "\u0105"), "token_to_id"),
    "bytes in place of tokens": (set_items("tokenizer.ggml.token_type", NO_TEXTS), ""),
    "quantized norm": (retype("blk.1.ffn_norm.weight", "Q8_0"), "q8_0"),
    "norm of 16 bits": (retype("output_norm.weight", "F16"), "f16"),
    "weights of I8": (retype("blk.0.attn_q.weight", "I8"), "crashes with it"),
    "embeddings of I64": (retype("token_embd.weight", "I64"), "fatal error"),
    "missing tensor": (drop_tensor("blk.2.ffn_down.weight"), "'blk.2.ffn_down.weight'"),
    "tensor too much": (add_tensor("blk.0.other.weight"), "wrong number of tensors"),
    "tensor of another shape": (retype("blk.0.ffn_up.weight", "F16", (256, 128)), "'blk.0.ffn_up.weight'"),
    "another architecture's name": (set_key("general.architecture", "smallthinker"), "smallthinker."),
    "template in Go's syntax": (set_key(TEMPLATE, "{{ .System }}{{ if .Prompt }}x{{ end }}"), "chat template"),
    "template that is cut off": (set_key(TEMPLATE, "{% for m in messages %}{{ m['con"), "chat template"),
    "template that raises": (set_key(TEMPLATE, RAISING), "only for translators"),
    "template that does not end": (set_key(TEMPLATE, "{% for i in range(10 ** 9) %}x{% endfor %}"), "chat template"),
    "template that grows": (set_key(TEMPLATE, "{{ 'a' * 1000000000 }}"), "chat template"),
    "template that calls itself": (
        set_key(TEMPLATE, "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}"),
        "chat template",
    ),
    "template that leaves out the question": (set_key(TEMPLATE, "bogus"), "leaves out the question"),
    "template that calls nothing": (set_key(TEMPLATE, "{{ messages.nothing.at_all() }}"), "chat template"),
}
# one for each kind that `build` once let through, and whose file ended by a signal
ROWS: dict[str, Change] = {
    **{f"{name} without its keys": as_architecture(name) for name in ("smallthinker", "paddleocr")},
    **{f"the diffusion model {name}": as_architecture(name) for name in ("dream", "llada")},
    "nextn_predict_layers out of range": set_key("llama.nextn_predict_layers", 9),
    "expert_used_count out of range": set_key("llama.expert_used_count", 2),
    "expert_count out of range": set_key("llama.expert_count", 5000),
    "equal tokens": set_item(TOKENS, 6, "\u0105"),
    "tokens that are equal up to a NUL": set_item(TOKENS, 7, "\u0100\0rest"),
    "quantized norm": retype("blk.1.ffn_norm.weight", "Q8_0"),
    **{f"weights of {kind}": retype("blk.0.attn_q.weight", kind) for kind in ("I8", "I64", "F64")},
    "context_length 1": set_key("llama.context_length", 1),
    "negative epsilon": set_key("llama.attention.layer_norm_rms_epsilon", -1.0),
    "unknown rope scaling": set_key("llama.rope.scaling.type", "other", STRING),
    "too few blocks": set_key("llama.block_count", 2),
    "too many blocks": set_key("llama.block_count", 4),
    "wrong head count": set_key("llama.attention.head_count_kv", 3),
    "wrong rope count": set_key("llama.rope.dimension_count", 63),
    "a tensor too few": drop_tensor("blk.2.ffn_down.weight"),
    "a tensor too many": add_tensor("blk.0.other.weight"),
    "template in Go's syntax": set_key(TEMPLATE, "{{ .System }}{{ if .Prompt }}x{{ end }}"),
    "template that is cut off": set_key(TEMPLATE, "{% for m in messages %}{{ m['con"),
    "template that raises": set_key(TEMPLATE, RAISING),
    "template that loops": set_key(TEMPLATE, "{% for i in range(10 ** 9) %}x{% endfor %}"),
}
ACCEPTED: dict[str, Change] = {
    "as it is": lambda model: None,
    "without a template": drop_key(TEMPLATE),
    "with an empty template": set_key(TEMPLATE, ""),
    "with a template that has no system role": set_key(TEMPLATE, RAISING_FOR_SYSTEM),
    "with a template for tools too": set_key("tokenizer.chat_template.tool_use", "{{ messages[0].content }}", STRING),
    "without tokens' types": drop_key("tokenizer.ggml.token_type"),
    "without the last token's number": drop_key("tokenizer.ggml.eos_token_id"),
    "with keys of another program": set_key("elsewhere.answer", 42),
    "with weights of 8 bits": retype("blk.2.attn_q.weight", "Q8_0"),
    "with weights of other 16 bits": retype("blk.2.attn_k.weight", "BF16"),
    "with weights of 4 bits": retype("blk.2.ffn_up.weight", "Q4_K"),
    "with weights of 32 bits": retype("blk.2.ffn_down.weight", "F32"),
    "with a bias": add_tensor("blk.0.attn_q.bias"),
    "trained for ten million tokens": set_key("llama.context_length", 10_000_000),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_that_ends_the_runtime_is_refused_with_the_cause(
    tiny: Model, runtime: Runtime, tmp_path: Path, name: str
) -> None:
    change, says = REFUSED[name]
    with pytest.raises(ModelError) as caught:
        try_model(changed(tiny, change).write(tmp_path / "model.gguf"), runtime)
    message = caught.value.message
    assert message.startswith("model.gguf cannot be used: ")
    assert says in message
    assert "\n" not in message
    assert caught.value.hint
    assert ("--chat-template" in caught.value.hint) == ("template" in name)


@pytest.mark.parametrize("row", ROWS)
def test_each_kind_that_ended_the_file_is_refused_by_the_build(
    tiny: Model, runtimes: dict[str, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str], row: str
) -> None:
    path = changed(tiny, ROWS[row]).write(tmp_path / "model.gguf")
    assert cli.main(["build", str(path), "-o", str(tmp_path / "out"), *HOST]) == 3
    said = capfd.readouterr().err
    assert said.startswith("error: model.gguf ")
    assert "hint: " in said
    assert [path.name for path in tmp_path.iterdir()] == ["model.gguf"]


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_model_that_works_is_not_refused(tiny: Model, runtime: Runtime, tmp_path: Path, name: str) -> None:
    path = changed(tiny, ACCEPTED[name]).write(tmp_path / "model.gguf")
    check_model(path)
    try_model(path, runtime)


@pytest.mark.parametrize("arch", ["llama", "qwen3", "gemma"])
@pytest.mark.parametrize("type_name", ["F16", "Q4_K"])
def test_models_of_other_shapes_are_not_refused(runtime: Runtime, tmp_path: Path, arch: str, type_name: str) -> None:
    shape = Shape(layers=2, dim=512, ff=512, heads=8, kv_heads=2)
    first = write_random_model(tmp_path / "model.gguf", shape, arch=arch, type_name=type_name, n_parts=3)[0]
    try_model(first, runtime)


def test_a_model_that_only_makes_embeddings_is_not_refused(runtime: Runtime, tmp_path: Path) -> None:
    encoder = write_encoder(tmp_path / "encoder.gguf")
    try_model(encoder, runtime)
    try_model(encoder, runtime, "--embeddings")


def test_weights_are_not_read(runtime: Runtime, tmp_path: Path) -> None:
    """A file without its weights is as good as one with them: they are a hole that ends behind the file's end."""
    path = write_random_model(tmp_path / "model.gguf", Shape(layers=1, dim=256, ff=256, heads=4, kv_heads=2))[0]
    with path.open("r+b") as file:
        header = check_model(path).header.data_offset_bytes
        file.truncate(header + 64)
        file.truncate(path.stat().st_size + (64 << 10))
    with pytest.raises(ModelError, match="incomplete"):
        check_model(path)
    with path.open("r+b") as file:
        file.truncate(header + (64 << 20))
    try_model(path, runtime)


def test_another_template_helps_where_the_model_s_own_raises(tiny: Model, runtime: Runtime, tmp_path: Path) -> None:
    path = changed(tiny, set_key(TEMPLATE, RAISING)).write(tmp_path / "model.gguf")
    try_model(path, runtime, "--chat-template", "chatml")


def test_the_projector_is_named_where_it_is_at_fault(runtime: Runtime, tmp_path: Path) -> None:
    good, other = tmp_path / "mmproj.gguf", tmp_path / "broken.gguf"
    write_random_projector(good, TINY_WIDTH)
    try_model(TINY_MODEL, runtime, projector=good)
    projector = read_model(good)
    for tensor in ("v.blk.0.ffn_up.weight", "v.patch_embd.weight"):  # missed when read, and when computed with
        broken = changed(projector, drop_tensor(tensor)).write(other)
        with pytest.raises(ModelError, match=r"^broken\.gguf cannot be used: ") as caught:
            try_model(TINY_MODEL, runtime, projector=broken)
        assert "projector" in caught.value.hint


def test_one_that_takes_too_long_is_refused(tmp_path: Path, runtime: Runtime) -> None:
    sleeper = made_up(tmp_path, "exec sleep 600")
    question = model_check.Question(TINY_MODEL, None, 512, 1, ())
    with pytest.raises(ModelError, match=r"did not finish with it in 0 s"):
        model_check.check_model(question, sleeper, timeout_s=0.2)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("kill -KILL $$", "mkexe did not test the model: the system ended the runtime"),
        (
            "echo 'not checked: no memory for a tensor of 90.0 GB'; exit 14",
            "mkexe did not test the model: no memory for a",
        ),
        (None, "mkexe did not test the model: the runtime for this machine could not be started: "),
    ],
)
def test_what_says_nothing_of_the_model_does_not_stop_the_build(tmp_path: Path, script: str | None, says: str) -> None:
    question = model_check.Question(TINY_MODEL, None, 512, 1, ())
    assert model_check.check_model(question, made_up(tmp_path, script)).startswith(says)


def made_up(folder: Path, script: str | None) -> Runtime:
    """A runtime that is a shell script; None for one that cannot be started."""
    path = folder / "runtime"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755 if script else 0o644)
    return Runtime(target=targets.host_target(), path=path, size_bytes=1, sha256="", unpacker=None, build={})


def test_the_build_is_refused_and_nothing_is_written(
    real_mkexe: Mkexe, runtimes: dict[str, Path], tiny: Model, tmp_path: Path
) -> None:
    """Through the front door, for a target that is not this machine's too."""
    change = set_key("llama.block_count", 4)
    model = changed(tiny, change).write(tmp_path / "model.gguf")
    other = next((name for name in runtimes if name != targets.host_target()), targets.host_target())
    for target in (targets.host_target(), other):
        done = real_mkexe("build", model, "-o", tmp_path / "out", "--target", target, status=3)
        assert "model.gguf cannot be used: " in done.stderr
        assert "hint: use another GGUF of the model" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["model.gguf"]


@pytest.mark.parametrize("architecture", ["bert", "eurobert"])
def test_an_encoder_serves_and_does_not_end_the_program(
    real_mkexe: Mkexe, runtimes: dict[str, Path], tiny: Model, tmp_path: Path, architecture: str
) -> None:
    """`serve` makes embeddings; `run`, which has one place for outputs, says that there is not a chat."""
    out = tmp_path / "encoder"
    model = tmp_path / "encoder.gguf"
    write_encoder(model) if architecture == "bert" else changed(tiny, as_architecture(architecture)).write(model)
    real_mkexe("build", model, "-o", out, *HOST)
    with Running([str(out), "--embeddings", "--pooling", "mean"], tmp_path) as server:
        status, _, body = server.post("/v1/embeddings", {"input": "hi"})
        assert status == 200, body
    asked = run_to_end([str(out), "run", "-p", "hi"])
    assert asked.returncode == 1, asked
    assert "does not support logits computation" in asked.stderr


def test_without_a_runtime_for_this_machine_the_build_says_so(mkexe: Mkexe, tmp_path: Path) -> None:
    for folder in (mkexe.cache / "runtimes").glob(f"{targets.host_target()}-*"):
        folder.rename(tmp_path / folder.name)
    other = next(name for name in ("linux-aarch64", "macos-aarch64") if name != targets.host_target())
    done = mkexe("build", TINY_MODEL, "-o", tmp_path / "out", "--target", other)
    said = "mkexe did not test the model: the runtime for this machine is not compiled (mkexe runtime build)"
    assert said in done.stderr.splitlines()


@pytest.mark.soak
def test_every_change_is_refused_or_answers(tiny: Model, artifact: Path, runtime: Runtime, tmp_path: Path) -> None:
    """One value, tensor or token at a time: no model is accepted whose file a signal ends."""
    ended = []
    for name, change in all_changes(tiny):
        path = changed(tiny, change).write(tmp_path / "model.gguf")
        if not is_accepted(path, runtime):
            continue
        environment = environment_of(tmp_path) | {"MKEXE_ARTIFACT": str(artifact), "LLAMA_ARG_FIT": "off"}
        words = [str(runtime.path), "run", "-p", "hi", "-n", "4", "-m", str(path)]
        done = subprocess.run(words, env=environment, capture_output=True, timeout=120)
        if done.returncode not in (0, 1):
            ended.append(f"{name}: {done.returncode} {done.stderr[-200:]!r}")
    assert not ended


def is_accepted(path: Path, runtime: Runtime) -> bool:
    try:
        check_model(path)
        try_model(path, runtime)
    except ModelError:
        return False
    return True
