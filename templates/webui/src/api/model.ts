// What the page asks the server about its model: the context size, whether it can see and hear, how many tokens a text
// has.

import { fetchWithKey } from "./api-key";
import { type Attachment, messageContent } from "./attachment";
import { onSession } from "./session";

export interface ModelLimits {
  /** Tokens that a chat, its files and the next answer share. */
  readonly contextTokens: number;
  readonly vision: boolean;
  readonly audio: boolean;
}

interface Props {
  readonly default_generation_settings?: { readonly n_ctx?: number };
  readonly modalities?: { readonly vision?: boolean; readonly audio?: boolean };
}

let known: ModelLimits | null = null;
let mediaTokens = new WeakMap<Attachment, Promise<number | null>>();

// After a restart, the context size and the projector can be different.
onSession(() => {
  known = null;
  mediaTokens = new WeakMap();
});

/** What the server said last; null before the first answer. */
export function knownLimits(): ModelLimits | null {
  return known;
}

/** Null while the model is loading, and if the server does not answer. */
export async function fetchLimits(): Promise<ModelLimits | null> {
  const props = await fetchJson<Props>("props");
  const contextTokens = props?.default_generation_settings?.n_ctx;
  if (!props || !contextTokens) return null;
  known = { contextTokens, vision: props.modalities?.vision === true, audio: props.modalities?.audio === true };
  return known;
}

/** How many tokens `text` has; null as above. */
export async function countTokens(text: string): Promise<number | null> {
  // parse_special false: <|im_end|> inside a file is ordinary text.
  const answer = await postJson<{ readonly tokens?: readonly unknown[] }>("tokenize", { content: text, parse_special: false });
  return answer?.tokens?.length ?? null;
}

/** How many tokens a picture or a recording takes; null as above. The page sends each file only once for this. */
export async function countMedia(attachment: Attachment): Promise<number | null> {
  const counts = mediaTokens;
  const count = counts.get(attachment) ?? askForMedia(attachment);
  counts.set(attachment, count);
  const tokens = await count;
  if (tokens === null) counts.delete(attachment);
  return tokens;
}

async function askForMedia(attachment: Attachment): Promise<number | null> {
  const [withIt, without] = await Promise.all([countMessage([attachment]), countMessage([])]);
  return withIt === null || without === null ? null : withIt - without;
}

async function countMessage(attachments: readonly Attachment[]): Promise<number | null> {
  const messages = [{ role: "user", content: messageContent([{ text: ".", attachments }]) }];
  const answer = await postJson<{ readonly input_tokens?: number }>("v1/chat/completions/input_tokens", { messages });
  return answer?.input_tokens ?? null;
}

async function postJson<T>(address: string, body: unknown): Promise<T | null> {
  const headers = { "Content-Type": "application/json" };
  return fetchJson<T>(address, { method: "POST", headers, body: JSON.stringify(body) });
}

async function fetchJson<T>(address: string, options: RequestInit = {}): Promise<T | null> {
  try {
    const response = await fetchWithKey(address, { cache: "no-store", ...options });
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}
