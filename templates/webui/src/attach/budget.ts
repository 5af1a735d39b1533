// Whether a message and the chat so far fit into the model's context. The page checks this before it sends the message.

import type { Content } from "../api/attachment";
import { countMedia, countTokens, fetchLimits } from "../api/model";

export interface Budget {
  /** Of the chat so far and the message, in tokens. */
  readonly usedTokens: number;
  readonly contextTokens: number;
}

/**
 * Tokens that a chat template adds: names of roles, marks around every message, and room for the answer's first words.
 */
const spareTokens = 64;

/** The chat does not change from one key press to the next, and may be long. So its tokens are counted once. */
let counted = { text: "", tokens: 0 };

/**
 * The numbers if `chat` (everything so far) and `message` together are too long. Null if they fit, or if nobody can
 * tell because the model is still loading.
 */
export async function overBudget(chat: Content, message: Content): Promise<Budget | null> {
  const limits = await fetchLimits();
  if (!limits) return null;
  const { contextTokens } = limits;
  // A token stands for at least one byte, so a short text fits without being counted.
  const isText = chat.media.length + message.media.length === 0;
  if (isText && new TextEncoder().encode(chat.text + message.text).length + spareTokens <= contextTokens) return null;
  const [before, added] = await Promise.all([countContent(chat, countTextOnce), countContent(message)]);
  if (before === null || added === null || before + added + spareTokens <= contextTokens) return null;
  return { usedTokens: before + added, contextTokens };
}

/** How many tokens the content takes; null if nobody can tell now. */
export async function countContent({ text, media }: Content, countText = countTokens): Promise<number | null> {
  const counts = await Promise.all([countText(text), ...media.map(countMedia)]);
  return counts.reduce((total, count) => (total === null || count === null ? null : total + count), 0);
}

async function countTextOnce(text: string): Promise<number | null> {
  if (text === counted.text) return counted.tokens;
  const tokens = await countTokens(text);
  if (tokens !== null) counted = { text, tokens };
  return tokens;
}
