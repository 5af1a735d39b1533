import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnswerEvent } from "../src/api/completions";
import { Answer } from "../src/chats/answer";

function applied(...events: readonly (readonly [AnswerEvent, number])[]): Answer {
  const answer = new Answer("a", "q", "");
  for (const [event, nowMs] of events) answer.apply(event, nowMs);
  return answer;
}

test("thinking ends with the first word of the answer, and its time is kept", () => {
  const answer = applied(
    [{ kind: "reasoning", text: "Hm" }, 1000],
    [{ kind: "reasoning", text: "m." }, 2000],
    [{ kind: "text", text: "Yes" }, 3500],
    [{ kind: "text", text: "." }, 9000],
  );
  assert.equal(answer.state, "answering");
  assert.equal(answer.reasoning, "Hmm.");
  assert.equal(answer.text, "Yes.");
  assert.equal(answer.thinkingMs, 2500);
});

test("progress and usage are noted as the server says them", () => {
  const answer = applied(
    [{ kind: "progress", fraction: 0.5 }, 0],
    [{ kind: "usage", tokensPerSecond: 12, tokens: 3, contextTokens: 40 }, 0],
  );
  assert.equal(answer.readFraction, 0.5);
  assert.deepEqual([answer.tokensPerSecond, answer.tokens, answer.contextTokens], [12, 3, 40]);
});

test("an answer can go on where it was stopped or cut off, and not where it is complete or empty", () => {
  const answer = applied([{ kind: "text", text: "Half" }, 0]);
  answer.finish("stopped", 0);
  assert.equal(answer.canGoOn, true);
  answer.finish("done", 0);
  assert.equal(answer.canGoOn, false);
  answer.apply({ kind: "end", cutOff: true }, 0);
  assert.equal(answer.canGoOn, true);
  const empty = applied();
  empty.finish("stopped", 0);
  assert.equal(empty.canGoOn, false);
});

test("going on keeps the text, and rewinding goes back to what was kept", () => {
  const answer = applied([{ kind: "text", text: "Half" }, 0]);
  answer.finish("stopped", 0);
  answer.begin(true);
  answer.apply({ kind: "text", text: " and whole" }, 0);
  assert.equal(answer.text, "Half and whole");
  answer.rewind();
  assert.equal(answer.text, "Half");
});

test("beginning anew forgets text and thoughts", () => {
  const answer = applied([{ kind: "reasoning", text: "Hm" }, 0], [{ kind: "text", text: "Half" }, 10]);
  answer.finish("failed", 0);
  answer.begin(false);
  assert.deepEqual([answer.text, answer.reasoning, answer.thinkingMs, answer.state], ["", "", null, "waiting"]);
});
