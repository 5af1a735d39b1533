// The program that serves this page: its name, and what only its own page may ask it (docs/http-api.md).
//
// Nothing here is decided for good when the page is loaded: the program may be closed then, and be started again later
// with other options. `session()` is what it said last, and `onSession` tells when it said something else.

import { ownPath } from "../browser/address";
import { load, save } from "../browser/storage";
import { fetchWithKey } from "./api-key";

export interface Session {
  /** The program's name, or "" where the server has no such endpoints: it is not a built file. */
  readonly name: string;
  /** Whether this page may end the program. */
  readonly canQuit: boolean;
  /** The folder in which the program keeps chats; "" where it keeps none. */
  readonly chatsFolder: string;
  /** Why the folder takes no chats, so far as the program said last; "" where it does. */
  readonly chatsProblem: string;
  /** What this user's pages know each other by, at whatever port they are; "" where they cannot. */
  readonly pageKey: string;
}

/** What was told to an earlier page at this address, by a program that may be closed now. */
export interface Remembered {
  readonly name: string;
  readonly chats: "folder" | "none" | "";
  readonly key: string;
}

export interface LoadingProgress {
  /** Of the weights' bytes, 0 to 1. */
  readonly fraction: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Null until it can be said. */
  readonly secondsLeft: number | null;
}

const rememberedKey = `mkexe.session ${ownPath()}`;

let token = "";
let known: Session | null = null;
/** The program for which the page was made; "" where that is not known. */
let pageName = "";

/** What the program said last; null as long as none has answered. */
export function session(): Session | null {
  return known;
}

/** What is to be expected of the program: what it said, or what an earlier page heard. */
export function expectedSession(): Remembered {
  if (known) return { name: known.name, chats: known.chatsFolder === "" ? "none" : "folder", key: known.pageKey };
  return rememberedFrom(parse(load("local", rememberedKey) ?? ""));
}

export function rememberedFrom(value: unknown): Remembered {
  const { name, chats, key } = asRecord(value);
  return { name: asText(name), chats: chats === "folder" || chats === "none" ? chats : "", key: asText(key) };
}

/** Calls `listener` when a program answered for the first time, and when it was started again. */
export function onSession(listener: () => void): void {
  document.addEventListener("mkexe:session", listener);
}

/** Notes what writing a chat told of the folder: why it takes none, or "". */
export function noteChatsProblem(problem: string): void {
  if (known) known = { ...known, chatsProblem: problem };
}

/** From now on the page is that of the program that is known or expected now; another one's page is loaded anew. */
export function settlePage(): void {
  pageName = expectedSession().name;
}

/**
 * Asks who serves this page; another start of the program has another token. False: nobody answers, and what was known
 * stays.
 */
export async function loadSession(): Promise<boolean> {
  const response = await fetchWithKey("mkexe/session", { cache: "no-store" }).catch(() => null);
  // Another server than a built file says 404. All else, such as a missing key, tells nothing of the program.
  if (!response) return false;
  if (!response.ok && response.status !== 404) return true;
  const found = response.ok ? asRecord(await response.json().catch(() => null)) : {};
  if (response.ok && asText(found["token"]) === "") return false;
  if (pageName !== "" && pageName !== asText(found["name"])) return leavePage();
  const isOther = known === null || token !== asText(found["token"]);
  token = asText(found["token"]);
  known = {
    name: asText(found["name"]),
    canQuit: found["quit"] === true,
    chatsFolder: asText(found["chats_folder"]),
    chatsProblem: asText(found["chats_problem"]),
    pageKey: asText(found["page_key"]),
  };
  save("local", rememberedKey, JSON.stringify(expectedSession()));
  if (isOther) document.dispatchEvent(new Event("mkexe:session"));
  return true;
}

/** Another program is at this address now: nothing of this page is for it. */
function leavePage(): Promise<never> {
  location.reload();
  return new Promise(() => undefined);
}

/** Null where the server does not say. */
export async function readProgress(): Promise<LoadingProgress | null> {
  const response = await ownRequest("mkexe/progress", { cache: "no-store" });
  const found = response?.ok ? asRecord(await response.json().catch(() => ({}))) : {};
  const number = (name: string): number => (typeof found[name] === "number" ? found[name] : 0);
  if (number("bytes_total") <= 0) return null;
  return {
    fraction: Math.min(1, Math.max(0, number("fraction"))),
    bytesDone: number("bytes_done"),
    bytesTotal: number("bytes_total"),
    secondsLeft: typeof found["seconds_left"] === "number" ? found["seconds_left"] : null,
  };
}

/** Ends the program. False: it did not agree, or cannot be reached. */
export async function quitProgram(): Promise<boolean> {
  const headers = { "Content-Type": "application/json" };
  const response = await ownRequest("mkexe/quit", { method: "POST", headers, body: "{}" });
  return response?.ok === true;
}

/** A request with the token; with the next start's one where the program was started again. Null: nobody answers. */
export async function ownRequest(address: string, options: RequestInit): Promise<Response | null> {
  try {
    const response = await fetchWithKey(address, withToken(options));
    if (response.status !== 403) return response;
    await loadSession();
    return await fetchWithKey(address, withToken(options));
  } catch {
    return null;
  }
}

function withToken(options: RequestInit): RequestInit {
  const headers = new Headers(options.headers);
  headers.set("X-Mkexe-Token", token);
  return { ...options, headers };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
