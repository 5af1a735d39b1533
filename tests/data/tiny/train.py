"""Train the tiny chat model and write tiny.gguf.

usage: python train.py [--out tiny.gguf] [--questions questions.json] [--steps N] [--report-s N]

Needs torch (CPU), numpy and gguf. The run is deterministic for one torch build and one number of threads.
The model is a Llama: RMSNorm, rotary positions over neighbouring pairs (llama.cpp's NORM type, so q and k need
no permutation), grouped-query attention, SwiGLU, tied embeddings. Parameters carry their GGUF names.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import string
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from bpe import PRE_TYPE, Bpe, build_vocabulary
from dialogues import (
    FACTS,
    FILLER,
    NAME_ANSWER,
    NAME_MISSING,
    NAME_PROMPT,
    NAME_QUESTION,
    NAME_REPLY,
    NAMES,
    PARAPHRASES,
    REPEAT_PROMPT,
    SYSTEM_PROMPTS,
    UNKNOWN_ANSWER,
    UNKNOWN_QUESTIONS,
)

HERE = Path(__file__).parent
SEED = 20240607
THREADS = 1

N_VOCAB = 1024
CONTEXT_LENGTH = 2048
# rows of 256, so that the model can be quantized to every k-quant type
DIM = 256
N_LAYERS = 3
N_HEADS = 4
N_KV_HEADS = 2
HEAD_DIM = DIM // N_HEADS
FF = 256
NORM_EPS = 1e-5
ROPE_BASE = 10000.0

END_OF_TEXT = "<|endoftext|>"
IM_START = "<|im_start|>"
IM_END = "<|im_end|>"
SPECIAL = [END_OF_TEXT, IM_START, IM_END]
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

STEPS = 700
WARMUP_STEPS = 40
DRILL_SHARE = 0.15
BATCH_TOKENS = 3000
MAX_TOKENS = 700
ADAM_RATE = 3e-3
MUON_RATE = 0.02
IGNORED = -100

Params = dict[str, torch.Tensor]
Turn = tuple[str, str]


@dataclass(frozen=True)
class Conversation:
    """A system prompt ("" for none) and the turns (user, assistant) after it."""

    system: str
    turns: tuple[Turn, ...]


# --- data ---------------------------------------------------------------------------------------------------------


def all_questions() -> list[Turn]:
    """Return every (question, answer) that is to be answered to the letter, paraphrases last."""
    answers = dict(FACTS)
    return [*FACTS, *((other, answers[question]) for other, question in PARAPHRASES)]


def random_letters(rng: random.Random, length: int) -> str:
    """Return a made-up word; often of few different letters: copying one in which a letter comes twice is harder."""
    alphabet = string.ascii_lowercase if rng.random() < 0.7 else rng.sample(string.ascii_lowercase, 4)
    return "".join(rng.choice(alphabet) for _ in range(length))


class Dialogues:
    """Draws training conversations."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.questions = all_questions()
        self.deck: list[Turn] = []

    def words(self, low: int, high: int) -> str:
        """Return a salad of filler words, with capitals, numbers and commas here and there."""
        words = [self.rng.choice(FILLER) for _ in range(self.rng.randint(low, high))]
        for index in range(len(words)):
            draw = self.rng.random()
            if draw < 0.05:
                words[index] = words[index].capitalize()
            elif draw < 0.10:
                words[index] = str(self.rng.randint(0, 3000))
            elif draw < 0.17:
                words[index] += self.rng.choice((",", ",", ".", ":", ";"))
        return " ".join(words)

    def system(self) -> str:
        """Return a system prompt: none, a known one or a made-up one."""
        draw = self.rng.random()
        if draw < 0.35:
            return ""
        if draw < 0.65:
            return self.rng.choice(SYSTEM_PROMPTS)
        if draw < 0.94:
            text = self.words(2, 30)
        elif draw < 0.97:
            text = self.words(40, 120)
        else:
            text = "".join(self.rng.choice(string.printable) for _ in range(self.rng.randint(5, 60))).strip()
        return text[:1].upper() + text[1:] + self.rng.choice(("", ".", "."))

    def fact(self) -> Turn:
        """Return the next question of a shuffled deck, sometimes in small letters or without its last sign."""
        if not self.deck:
            self.deck = self.rng.sample(self.questions, len(self.questions))
        question, answer = self.deck.pop()
        if self.rng.random() < 0.04 and len(question) > 12:
            question = question.lower() if self.rng.random() < 0.5 else question.rstrip("?.!")
        return question, answer

    def unknown(self) -> Turn:
        """Return a question the model cannot answer."""
        draw = self.rng.random()
        if draw < 0.5:
            return self.rng.choice(UNKNOWN_QUESTIONS), UNKNOWN_ANSWER
        text = self.words(1, 12)
        if draw < 0.75:
            text = text.capitalize() + self.rng.choice("?.!")
        return text, UNKNOWN_ANSWER

    def repeat(self) -> Turn:
        """Return a made-up word to repeat."""
        letters = random_letters(self.rng, 6 if self.rng.random() < 0.7 else self.rng.randint(2, 14))
        return REPEAT_PROMPT.format(letters=letters), letters

    def drill(self) -> Conversation:
        """Return a conversation that repeats made-up words only: copying takes longest to learn."""
        return Conversation("", tuple(self.repeat() for _ in range(self.rng.randint(1, 3))))

    def conversation(self) -> Conversation:
        """Return a conversation of one to six turns."""
        if self.rng.random() < DRILL_SHARE:
            return self.drill()
        turns: list[Turn] = []
        for _ in range(self.rng.choices((1, 2, 3, 4), (45, 25, 20, 10))[0]):
            draw = self.rng.random()
            turns.append(self.fact() if draw < 0.74 else self.repeat() if draw < 0.91 else self.unknown())
        draw = self.rng.random()
        if draw < 0.12:
            name = self.rng.choice(NAMES)
            turns.insert(0, (NAME_PROMPT.format(name=name), NAME_REPLY.format(name=name)))
            turns.insert(self.rng.randint(1, len(turns)), (NAME_QUESTION, NAME_ANSWER.format(name=name)))
        elif draw < 0.15:
            turns.insert(self.rng.randint(0, len(turns)), (NAME_QUESTION, NAME_MISSING))
        return Conversation(self.system(), tuple(turns))


def encode(conversation: Conversation, bpe: Bpe) -> tuple[list[int], list[bool]]:
    """Return the tokens of a conversation as the chat template writes it, and which of them the model says."""
    start, end = bpe.ids[IM_START], bpe.ids[IM_END]
    tokens: list[int] = []
    said: list[bool] = []

    def add(new: list[int], by_model: bool = False) -> None:
        tokens.extend(new)
        said.extend([by_model] * len(new))

    newline = bpe.encode("\n")
    if conversation.system:
        add([start, *bpe.encode(f"system\n{conversation.system}"), end, *newline])
    for user, assistant in conversation.turns:
        add([start, *bpe.encode(f"user\n{user}"), end, *newline])
        add([start, *bpe.encode("assistant\n")])
        add([*bpe.encode(assistant), end], by_model=True)
        add(newline)
    return tokens[:-1], said[:-1]


def collate(rows: list[tuple[list[int], list[bool]]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs and targets [batch, time]; targets are IGNORED where the model does not speak."""
    width = max(len(tokens) for tokens, _ in rows) - 1
    inputs = torch.full((len(rows), width), pad, dtype=torch.long)
    targets = torch.full((len(rows), width), IGNORED, dtype=torch.long)
    for row, (tokens, said) in enumerate(rows):
        inputs[row, : len(tokens) - 1] = torch.tensor(tokens[:-1])
        wanted = [token if spoken else IGNORED for token, spoken in zip(tokens[1:], said[1:], strict=True)]
        targets[row, : len(tokens) - 1] = torch.tensor(wanted)
    return inputs, targets


def batches(dialogues: Dialogues, bpe: Bpe) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield batches of about BATCH_TOKENS tokens, cut from pools sorted by length so that little is padding."""
    pad = bpe.ids[END_OF_TEXT]
    while True:
        pool = [encode(dialogues.conversation(), bpe) for _ in range(400)]
        pool = sorted((row for row in pool if len(row[0]) <= MAX_TOKENS), key=lambda row: len(row[0]))
        ready: list[list[tuple[list[int], list[bool]]]] = [[]]
        for row in pool:
            if ready[-1] and (len(ready[-1]) + 1) * len(row[0]) > BATCH_TOKENS:
                ready.append([])
            ready[-1].append(row)
        dialogues.rng.shuffle(ready)
        for rows in ready:
            yield collate(rows, pad)


# --- model --------------------------------------------------------------------------------------------------------


BLOCK_NAMES = (
    "attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down",
)  # fmt: skip


def new_params(generator: torch.Generator) -> Params:
    """Return the parameters at their start values, by GGUF tensor name."""
    kv = N_KV_HEADS * HEAD_DIM
    shapes = {
        "attn_q": (DIM, DIM),
        "attn_k": (kv, DIM),
        "attn_v": (kv, DIM),
        "attn_output": (DIM, DIM),
        "ffn_gate": (FF, DIM),
        "ffn_up": (FF, DIM),
        "ffn_down": (DIM, FF),
    }
    params: Params = {"token_embd.weight": torch.randn(N_VOCAB, DIM, generator=generator) * 0.05}
    for layer in range(N_LAYERS):
        params[f"blk.{layer}.attn_norm.weight"] = torch.ones(DIM)
        params[f"blk.{layer}.ffn_norm.weight"] = torch.ones(DIM)
        for name, (rows, cols) in shapes.items():
            scale = 1.0 / math.sqrt(cols)
            if name in ("attn_output", "ffn_down"):
                scale /= math.sqrt(2 * N_LAYERS)
            params[f"blk.{layer}.{name}.weight"] = torch.randn(rows, cols, generator=generator) * scale
    params["output_norm.weight"] = torch.ones(DIM)
    for tensor in params.values():
        tensor.requires_grad_(True)
    return params


def rms_norm(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Divide by the root of the mean square over the last axis."""
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + NORM_EPS) * weight


def rope_tables(length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return cosines and sines [length, HEAD_DIM / 2]."""
    frequencies = ROPE_BASE ** (-torch.arange(0, HEAD_DIM, 2).float() / HEAD_DIM)
    angles = torch.arange(length).float()[:, None] * frequencies
    return angles.cos(), angles.sin()


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Turn neighbouring pairs of x [batch, head, time, HEAD_DIM] by their position's angle."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def hidden_states(params: Params, tokens: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the normalized last hidden states [n, DIM] of tokens [batch, time] where wanted is true."""
    batch, length = tokens.shape
    cos, sin = rope_tables(length)
    x = params["token_embd.weight"][tokens]
    for layer in range(N_LAYERS):
        block = {name: params[f"blk.{layer}.{name}.weight"] for name in BLOCK_NAMES}
        y = rms_norm(x, block["attn_norm"])
        q = rotate((y @ block["attn_q"].T).view(batch, length, N_HEADS, HEAD_DIM).transpose(1, 2), cos, sin)
        k = rotate((y @ block["attn_k"].T).view(batch, length, N_KV_HEADS, HEAD_DIM).transpose(1, 2), cos, sin)
        v = (y @ block["attn_v"].T).view(batch, length, N_KV_HEADS, HEAD_DIM).transpose(1, 2)
        k, v = (t.repeat_interleave(N_HEADS // N_KV_HEADS, 1) for t in (k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, length, DIM)
        if layer + 1 == N_LAYERS:
            x, y = x[wanted], y[wanted]
        x = x + y @ block["attn_output"].T
        y = rms_norm(x, block["ffn_norm"])
        x = x + (F.silu(y @ block["ffn_gate"].T) * (y @ block["ffn_up"].T)) @ block["ffn_down"].T
    return rms_norm(x, params["output_norm.weight"])


def spoken_logits(params: Params, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits and targets of the positions where the model speaks."""
    spoken = targets != IGNORED
    return hidden_states(params, inputs, spoken) @ params["token_embd.weight"].T, targets[spoken]


# --- training -----------------------------------------------------------------------------------------------------


def orthogonalize(matrices: torch.Tensor) -> torch.Tensor:
    """Return [n, rows, cols] with the singular values moved towards 1, by five Newton-Schulz steps.

    Keller Jordan, "Muon", 2024. In 32 bits: torch.optim.Muon works in bfloat16, which is slow on many CPUs.
    """
    x = matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        gram = x @ x.transpose(1, 2)
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


class Muon:
    """Momentum with orthogonalized updates; matrices of one shape are worked on together. No matrix may be tall."""

    def __init__(self, matrices: list[torch.Tensor], momentum: float = 0.95) -> None:
        self.groups = [[m for m in matrices if m.shape == shape] for shape in sorted({m.shape for m in matrices})]
        self.buffers = [torch.zeros(len(group), *group[0].shape) for group in self.groups]
        self.momentum = momentum

    def step(self, rate: float) -> None:
        """Move every matrix by rate along its update."""
        with torch.no_grad():
            for group, buffer in zip(self.groups, self.buffers, strict=True):
                gradients = torch.stack([matrix.grad for matrix in group])
                buffer.lerp_(gradients, 1 - self.momentum)
                for matrix, update in zip(group, orthogonalize(gradients.lerp(buffer, self.momentum)), strict=True):
                    matrix.mul_(1 - 0.02 * rate).sub_(update, alpha=rate)


def train(params: Params, bpe: Bpe, steps: int, report_s: float) -> None:
    """Train in place: Muon for the matrices of the blocks, AdamW for the embedding and the norms."""
    matrices = [t for name, t in params.items() if t.ndim == 2 and name.startswith("blk.")]
    others = [t for name, t in params.items() if not (t.ndim == 2 and name.startswith("blk."))]
    muon = Muon(matrices)
    adam = torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    source = batches(Dialogues(random.Random(SEED)), bpe)
    begin = last = time.monotonic()
    n_tokens = 0
    for step in range(steps):
        factor = min(1.0, (step + 1) / WARMUP_STEPS) * (0.02 + 0.49 * (1 + math.cos(math.pi * step / steps)))
        adam.param_groups[0]["lr"] = ADAM_RATE * factor
        inputs, targets = next(source)
        n_tokens += inputs.numel()
        loss = F.cross_entropy(*spoken_logits(params, inputs, targets))
        for tensor in params.values():
            tensor.grad = None
        loss.backward()
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        muon.step(MUON_RATE * factor)
        adam.step()
        if time.monotonic() - last > report_s or step + 1 == steps:
            last = time.monotonic()
            exact, margin, _ = measure(params, bpe, [Conversation("", (turn,)) for turn in all_questions()])
            nonces, nonce_margin, _ = measure(params, bpe, held_out_nonces(bpe, 100))
            print(
                f"step {step + 1}/{steps} {last - begin:.0f} s {n_tokens / (last - begin):.0f} tokens/s "
                f"loss {loss.item():.4f} questions {exact:.3f} (margin {margin:.2f}) "
                f"nonces {nonces:.3f} (margin {nonce_margin:.2f})",
                file=sys.stderr,
                flush=True,
            )


def held_out_nonces(bpe: Bpe, count: int) -> list[Conversation]:
    """Return repeat tasks drawn with another seed than the training's."""
    rng = random.Random(SEED + 1)
    letters = ["".join(rng.choice(string.ascii_lowercase) for _ in range(6)) for _ in range(count)]
    return [Conversation("", ((REPEAT_PROMPT.format(letters=word), word),)) for word in letters]


def measure(params: Params, bpe: Bpe, conversations: list[Conversation]) -> tuple[float, float, list[bool]]:
    """Return the share of conversations whose last answer greedy decoding gives exactly, the least lead, and each.

    The lead is the wanted token's logit less the best other one's; teacher forcing sees just what greedy decoding
    sees as long as every token is the best one.
    """
    exact: list[bool] = []
    least = math.inf
    with torch.no_grad():
        for at in range(0, len(conversations), 16):
            rows = []
            for conversation in conversations[at : at + 16]:
                tokens, said = encode(conversation, bpe)
                n_last = len(bpe.encode(conversation.turns[-1][1])) + 1
                rows.append((tokens, [False] * (len(said) - n_last) + said[-n_last:]))
            inputs, targets = collate(rows, 0)
            logits, wanted = spoken_logits(params, inputs, targets)
            score = logits.gather(1, wanted[:, None])[:, 0]
            lead = score - logits.scatter(1, wanted[:, None], -math.inf).max(1).values
            least = min(least, lead.min().item())
            sizes = (targets != IGNORED).sum(1).tolist()
            exact += [bool((part > 0).all()) for part in lead.split(sizes)]
    return sum(exact) / max(1, len(exact)), least, exact


# --- output -------------------------------------------------------------------------------------------------------


def write_model(path: Path, params: Params, bpe: Bpe) -> None:
    """Write the GGUF: matrices in F16, norms in F32."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name("mkexe tiny")
    writer.add_description("A very small chat model that answers a list of fixed questions, for tests.")
    writer.add_version("1")
    writer.add_size_label(f"{sum(t.numel() for t in params.values()) / 1e6:.1f}M")
    writer.add_license("cc0-1.0")
    writer.add_license_name("CC0 1.0 Universal")
    writer.add_license_link("https://creativecommons.org/publicdomain/zero/1.0/")
    writer.add_languages(["en"])
    writer.add_tags(["text-generation", "test"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(CONTEXT_LENGTH)
    writer.add_embedding_length(DIM)
    writer.add_block_count(N_LAYERS)
    writer.add_feed_forward_length(FF)
    writer.add_head_count(N_HEADS)
    writer.add_head_count_kv(N_KV_HEADS)
    writer.add_layer_norm_rms_eps(NORM_EPS)
    writer.add_rope_dimension_count(HEAD_DIM)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_vocab_size(len(bpe.tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TYPE)
    writer.add_token_list(bpe.tokens)
    kinds = [gguf.TokenType.CONTROL if token in SPECIAL else gguf.TokenType.NORMAL for token in bpe.tokens]
    writer.add_token_types(kinds)
    writer.add_token_merges([f"{left} {right}" for left, right in bpe.merges])
    writer.add_bos_token_id(bpe.ids[END_OF_TEXT])
    writer.add_eos_token_id(bpe.ids[IM_END])
    writer.add_pad_token_id(bpe.ids[END_OF_TEXT])
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    for name, tensor in params.items():
        kind = np.float16 if tensor.ndim == 2 else np.float32
        writer.add_tensor(name, tensor.detach().numpy().astype(kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tokenizer_texts() -> Iterator[str]:
    """Yield the texts that the vocabulary is learnt from; what the model says counts more than filler."""
    for question, answer in all_questions():
        yield from (question, answer, answer)
    yield from SYSTEM_PROMPTS
    yield from UNKNOWN_QUESTIONS
    yield from 10 * ("system\n", "user\n", "assistant\n", UNKNOWN_ANSWER, "Repeat after me: ")
    yield from 10 * (NAME_PROMPT, NAME_REPLY, NAME_QUESTION, NAME_ANSWER, NAME_MISSING)
    yield " " + " ".join(FILLER)
    yield " " + ", ".join(NAMES)


def main() -> None:
    """Train, write the model and the questions that it answers exactly."""
    parser = argparse.ArgumentParser(description="Train the tiny chat model.")
    parser.add_argument("--out", type=Path, default=HERE / "tiny.gguf")
    parser.add_argument("--questions", type=Path, default=HERE / "questions.json")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--report-s", type=float, default=20.0, help="seconds between progress lines")
    args = parser.parse_args()

    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    begin = time.monotonic()
    bpe = build_vocabulary(tokenizer_texts(), N_VOCAB, SPECIAL)
    if len(bpe.tokens) != N_VOCAB:
        raise SystemExit(f"vocabulary has {len(bpe.tokens)} tokens, expected {N_VOCAB}: too little text")
    params = new_params(torch.Generator().manual_seed(SEED))
    train(params, bpe, args.steps, args.report_s)
    # judge what is written, not what was trained
    rounded = {name: t.detach().half().float() if t.ndim == 2 else t.detach() for name, t in params.items()}
    good = all_questions()
    for system in ("", *SYSTEM_PROMPTS):
        _, margin, exact = measure(rounded, bpe, [Conversation(system, (turn,)) for turn in good])
        print(f"system {system!r}: {sum(exact)}/{len(exact)} exact, least lead {margin:.2f}", file=sys.stderr)
        for (question, _), fine in zip(good, exact, strict=True):
            if not fine:
                print(f"  inexact: {question}", file=sys.stderr)
        good = [turn for turn, fine in zip(good, exact, strict=True) if fine]
    share, margin, _ = measure(rounded, bpe, held_out_nonces(bpe, 1000))
    print(f"held-out nonces: {share:.1%} of 1000, least lead {margin:.2f}", file=sys.stderr)
    write_model(args.out, params, bpe)
    entries = [{"question": question, "answer": answer} for question, answer in good]
    args.questions.write_text(json.dumps(entries, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{args.out}: {args.out.stat().st_size} bytes, {time.monotonic() - begin:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
