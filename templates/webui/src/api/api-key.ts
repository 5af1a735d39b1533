// The key of a program that was started with a key. Where the server answers 401, the person is asked for it once.

import { load, save } from "../browser/storage";

/** Without the program's name: that is told only to those who have the key. A wrong key is asked for again. */
const storageKey = "mkexe.api-key";

let key = load("local", storageKey);
let asking: Promise<string | null> | null = null;
let ask: () => Promise<string | null> = () => Promise.resolve(null);

/** `question` shows the person a field for the key; null: they gave none. */
export function onKeyNeeded(question: () => Promise<string | null>): void {
  ask = question;
}

/** Calls `listener` when the person gave a key. */
export function onKey(listener: () => void): void {
  document.addEventListener("mkexe:key", listener);
}

/** Like fetch, with the key where there is one; asks for it and tries again as long as the server wants another. */
export async function fetchWithKey(address: string, options: RequestInit = {}): Promise<Response> {
  const sent = key;
  const response = await fetch(address, withKey(options, sent));
  if (response.status !== 401) return response;
  // Another request may have learnt the key meanwhile.
  if (key === sent && !(await learnKey())) return response;
  return fetchWithKey(address, options);
}

/** False: the person gave no key. Requests that wait at the same time share one question. */
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
