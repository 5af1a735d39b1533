// The API key. If the server answers 401, the page asks the person for the key once.

import { load, save } from "../browser/storage";

/**
 * This storage key has no program name in it, because only those who have the API key learn the name. If the stored key
 * is wrong, the page asks again.
 */
const storageKey = "mkexe.api-key";

let key = load("local", storageKey);
let asking: Promise<string | null> | null = null;
let ask: () => Promise<string | null> = () => Promise.resolve(null);

/** `question` asks the person for the key. It returns null if they give none. */
export function onKeyNeeded(question: () => Promise<string | null>): void {
  ask = question;
}

/** Calls `listener` after the person gave a key. */
export function onKey(listener: () => void): void {
  document.addEventListener("mkexe:key", listener);
}

/** Like fetch, but sends the key. As long as the server refuses the key, it asks for another one and tries again. */
export async function fetchWithKey(address: string, options: RequestInit = {}): Promise<Response> {
  const sent = key;
  const response = await fetch(address, withKey(options, sent));
  if (response.status !== 401) return response;
  // Another request may have got the key meanwhile.
  if (key === sent && !(await learnKey())) return response;
  return fetchWithKey(address, options);
}

/** Returns false if the person gave no key. Requests that wait at the same time share one question. */
async function learnKey(): Promise<boolean> {
  asking ??= ask().finally(() => (asking = null));
  const answer = await asking;
  if (!answer) return false;
  key = answer;
  save("local", storageKey, key);
  document.dispatchEvent(new Event("mkexe:key"));
  return true;
}

function withKey(options: RequestInit, sent: string | null): RequestInit {
  if (!sent) return options;
  const headers = new Headers(options.headers);
  headers.set("Authorization", `Bearer ${sent}`);
  return { ...options, headers };
}
