// Whether a message fits into the model's context, beside the chat so far. Said before it is sent.

import { countTokens, fetchLimits } from "./model";

export interface Budget {
  /** Of the chat so far and the message, in tokens. */
  readonly usedTokens: number;
  readonly contextTokens: number;
}

/** What a chat template adds: names of roles and marks around every message, and room for the answer's first words. */
const spareTokens = 64;

/** The chat is the same from one key to the next, and may be long: what it takes is asked for once. */
let counted = { text: "", tokens: 0 };

/**
 * The numbers where `chat` (all so far) and `message` together are too long, or null: they fit, or that cannot be said
 * because the model is still loading. Images and sound count nothing here: only the model knows what they take.
 */
export async function overBudget(chat: string, message: string): Promise<Budget | null> {
  const limits = await fetchLimits();
  if (!limits) return null;
  const { contextTokens } = limits;
  // A token stands for at least one byte, so a short text fits without being counted.
  if (new TextEncoder().encode(chat + message).length + spareTokens <= contextTokens) return null;
  const [before, added] = await Promise.all([countChat(chat), countTokens(message)]);
  if (before === null || added === null || before + added + spareTokens <= contextTokens) return null;
  return { usedTokens: before + added, contextTokens };
}

async function countChat(text: string): Promise<number | null> {
  if (text === counted.text) return counted.tokens;
  const tokens = await countTokens(text);
  if (tokens !== null) counted = { text, tokens };
  return tokens;
}
