import "./stand-ins";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attachment, Content } from "../src/api/attachment";
import { countContent, overBudget } from "../src/attach/budget";
import { answerWith } from "./stand-ins";

const props = { default_generation_settings: { n_ctx: 1000 } };
const nothing: Content = { text: "", media: [] };

function tokens(count: number): object {
  return { tokens: Array.from({ length: count }, () => 1) };
}

function words(count: number): Content {
  return { text: "word ".repeat(count), media: [] };
}

test("a short text fits and is not counted", async () => {
  const asked = answerWith({ props });
  assert.equal(await overBudget(nothing, { text: "Hello", media: [] }), null);
  assert.deepEqual(Object.keys(asked), ["props"]);
});

test("a long text fits where its tokens leave the spare room, and not with one more", async () => {
  answerWith({ props, tokenize: tokens(468) });
  assert.equal(await overBudget(words(401), words(400)), null);
  answerWith({ props, tokenize: tokens(469) });
  assert.deepEqual(await overBudget(words(401), words(400)), { usedTokens: 937, contextTokens: 1000 });
});

test("the chat so far is counted once", async () => {
  const asked = answerWith({ props, tokenize: tokens(900) });
  await overBudget(words(500), words(300));
  await overBudget(words(500), words(301));
  assert.equal(asked["tokenize"]?.length, 3);
});

test("where the model cannot be asked, nothing is said", async () => {
  answerWith({ props: 503 });
  assert.equal(await overBudget(words(5000), words(5000)), null);
  answerWith({ props, tokenize: 503 });
  assert.equal(await overBudget(words(5000), words(5001)), null);
  assert.equal(await countContent(words(1)), null);
});

test("a picture that is being counted is not counted a second time, and again if nobody could tell", async () => {
  const media = [{ name: "a.png", type: "image/png", data: "AAAA" } as const];
  const refused = answerWith({ tokenize: tokens(1), "v1/chat/completions/input_tokens": 503 });
  assert.deepEqual(await Promise.all([countContent({ text: "", media }), countContent({ text: "", media })]), [null, null]);
  assert.equal(refused["v1/chat/completions/input_tokens"]?.length, 2);
  const asked = answerWith({ tokenize: tokens(1), "v1/chat/completions/input_tokens": { input_tokens: 30 } });
  await countContent({ text: "", media });
  await countContent({ text: "", media });
  assert.equal(asked["v1/chat/completions/input_tokens"]?.length, 2);
});

test("a picture is counted with the model, even if the text is short", async () => {
  const picture: Attachment = { name: "a.png", type: "image/png", data: "AAAA" };
  const asked = answerWith({ props, tokenize: tokens(1), "v1/chat/completions/input_tokens": { input_tokens: 30 } });
  assert.equal(await overBudget(nothing, { text: "What?", media: [picture] }), null);
  const bodies = JSON.stringify(asked["v1/chat/completions/input_tokens"]);
  assert(bodies.includes("data:image/png;base64,AAAA"), bodies);
});
