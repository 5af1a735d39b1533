// What the page asks the server about its model: how much it can hold, what it can see and hear, how long a text is.

import { fetchWithKey } from "../api-key";

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

/** What the server said last; null before it was asked. */
export function knownLimits(): ModelLimits | null {
  return known;
}

/** Null while the model is loading, and where the server does not answer. */
export async function fetchLimits(): Promise<ModelLimits | null> {
  const props = await fetchJson<Props>("props");
  const contextTokens = props?.default_generation_settings?.n_ctx;
  if (!props || !contextTokens) return null;
  known = { contextTokens, vision: props.modalities?.vision === true, audio: props.modalities?.audio === true };
  return known;
}

/** How many tokens `text` has; null as above. */
export async function countTokens(text: string): Promise<number | null> {
  const headers = { "Content-Type": "application/json" };
  // parse_special: what a file says of <|im_end|> is text.
  const body = JSON.stringify({ content: text, parse_special: false });
  const answer = await fetchJson<{ readonly tokens?: readonly unknown[] }>("tokenize", { method: "POST", headers, body });
  return answer?.tokens?.length ?? null;
}

async function fetchJson<T>(address: string, options: RequestInit = {}): Promise<T | null> {
  try {
    const response = await fetchWithKey(address, { cache: "no-store", ...options });
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}
