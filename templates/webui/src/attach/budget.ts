// Whether a message fits into the model's context, beside the chat so far. Said before it is sent.

import { countTokens, fetchLimits } from "./model";

export interface Budget {
  /** Of the chat so far and the message, in tokens. */
  readonly usedTokens: number;
  readonly contextTokens: number;
}

/** What a chat template adds: names of roles and marks around every message, and room for the answer's first words. */
const spareTokens = 64;

/**
 * The numbers where `text` (the chat so far and the message) is too long, or null: it fits, or that cannot be said
 * because the model is still loading. Images and sound count nothing here: only the model knows what they take.
 */
export async function overBudget(text: string): Promise<Budget | null> {
  const limits = await fetchLimits();
  if (!limits) return null;
  const { contextTokens } = limits;
  // A token stands for at least one byte, so a short text fits without being counted.
  if (new TextEncoder().encode(text).length + spareTokens <= contextTokens) return null;
  const tokens = await countTokens(text);
  if (tokens === null || tokens + spareTokens <= contextTokens) return null;
  return { usedTokens: tokens, contextTokens };
}
