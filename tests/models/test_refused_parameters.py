"""What the builder itself refuses of a sound GGUF, also where no runtime can be asked: none is started here."""

from __future__ import annotations

from pathlib import Path

import pytest
from gguf.constants import GGUFValueType

from conftest import TINY_MODEL
from mkexe.errors import ModelError
from mkexe.models.gguf.check import check_model
from support.encoders import write_encoder
from support.mutated_models import TOKENS, Model, as_architecture, changed, read_model, retype, set_key

U32, F32, STRING = GGUFValueType.UINT32, GGUFValueType.FLOAT32, GGUFValueType.STRING
KEYS: list[tuple[str, object, GGUFValueType, str]] = [
    ("llama.context_length", 1, U32, "expected llama.context_length from 8 to 2147483647, found 1"),
    ("llama.nextn_predict_layers", 4, U32, "expected llama.nextn_predict_layers from 0 to 3, found 4"),
    ("llama.expert_count", 1025, U32, "expected llama.expert_count from 0 to 1024, found 1025"),
    ("llama.expert_count", 4, U32, "lacks the key llama.expert_used_count: expected 1 to 4 of its experts, found none"),
    ("llama.expert_used_count", 1, U32, "expected llama.expert_used_count from 0 to 0, found 1"),
    ("llama.attention.layer_norm_rms_epsilon", -1e-5, F32, "layer_norm_rms_epsilon of 0 or more, found -"),
    ("llama.attention.layer_norm_epsilon", float("nan"), F32, "layer_norm_epsilon of 0 or more, found nan"),
    ("llama.rope.scaling.type", "dynamic", STRING, "to be one of none, linear, yarn, longrope, found 'dynamic'"),
]


@pytest.fixture(scope="module")
def tiny() -> Model:
    return read_model(TINY_MODEL)


def refusal(model: Model, path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        check_model(model.write(path))
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize(("key", "value", "kind", "says"), KEYS)
def test_a_parameter_that_no_model_has(
    tiny: Model, tmp_path: Path, key: str, value: object, kind: GGUFValueType, says: str
) -> None:
    message = refusal(changed(tiny, set_key(key, value, kind)), tmp_path / "model.gguf")
    assert message.startswith("model.gguf ")
    assert says in message


@pytest.mark.parametrize(
    ("place", "text", "says"),
    [
        (7, None, "token 7 to differ from token 6"),
        (7, b"\xc4\x80\0rest", "token 7 to differ from token 0"),
        (7, b"[EMPTY_9]", "token 9 to differ from token 7"),
    ],
)
def test_a_token_that_comes_twice(tiny: Model, tmp_path: Path, place: int, text: bytes | None, says: str) -> None:
    def change(model: Model) -> None:
        tokens = model.values[TOKENS].value
        tokens[9] = ""
        tokens[place] = tokens[place - 1] if text is None else text

    assert tiny.values[TOKENS].value[0].encode() == b"\xc4\x80"
    assert says in refusal(changed(tiny, change), tmp_path / "model.gguf")


@pytest.mark.parametrize(
    ("tensor", "kind"),
    [("blk.2.attn_norm.weight", "Q8_0"), ("blk.0.ffn_up.weight", "I8"), ("token_embd.weight", "I64"),
     ("output_norm.weight", "F64")],
)  # fmt: skip
def test_a_type_that_nothing_computes_with(tiny: Model, tmp_path: Path, tensor: str, kind: str) -> None:
    message = refusal(changed(tiny, retype(tensor, kind)), tmp_path / "model.gguf")
    assert f"'{tensor}'" in message
    assert message.endswith(f"found {kind}.")


@pytest.mark.parametrize("architecture", ["dream", "llada", "llada-moe", "rnd1"])
def test_a_model_that_writes_by_diffusion(tiny: Model, tmp_path: Path, architecture: str) -> None:
    assert "by diffusion" in refusal(changed(tiny, as_architecture(architecture)), tmp_path / "model.gguf")


def test_sound_models_of_these_kinds_are_accepted(tiny: Model, tmp_path: Path) -> None:
    def change(model: Model) -> None:
        model.set("llama.expert_count", 4)
        model.set("llama.expert_used_count", 2)
        model.set("llama.rope.scaling.type", "yarn", STRING)
        model.values[TOKENS].value[9] = ""

    check_model(changed(tiny, change).write(tmp_path / "model.gguf"))
    check_model(write_encoder(tmp_path / "encoder.gguf"))
