// The program that serves this page: its name, and the requests that only its own page may make (docs/http-api.md).
//
// Nothing here is final when the page loads. The program may be closed then, and may start later with other options.
// `session()` is what the program said last. `onSession` reports that it said something else.

import { ownPath } from "../browser/address";
import { load, save } from "../browser/storage";
import { fetchWithKey } from "./api-key";

export interface Session {
  /** The program's name. "" if the server has no such endpoints, because it is not a built file. */
  readonly name: string;
  /** Whether this page may end the program. */
  readonly canQuit: boolean;
  /** The folder in which the program saves chats; "" if it saves none. */
  readonly chatsFolder: string;
  /** Why the program cannot save chats in the folder, as it said last; "" if it can. */
  readonly chatsProblem: string;
  /** The secret by which this user's pages recognise each other on any port; "" if they cannot. */
  readonly pageKey: string;
}

/** What a program told an earlier page at this address. That program may be closed now. */
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
  /** Null until the server can tell. */
  readonly secondsLeft: number | null;
}

const rememberedKey = `mkexe.session ${ownPath()}`;

let token = "";
let known: Session | null = null;
/** The program that this page belongs to; "" if that is not known yet. */
let pageName = "";

/** What the program said last; null until a program has answered. */
export function session(): Session | null {
  return known;
}

/** What the page expects of the program: what it said, or what an earlier page heard. */
export function expectedSession(): Remembered {
  if (known) return { name: known.name, chats: known.chatsFolder === "" ? "none" : "folder", key: known.pageKey };
  return rememberedFrom(parse(load("local", rememberedKey) ?? ""));
}

export function rememberedFrom(value: unknown): Remembered {
  const { name, chats, key } = asRecord(value);
  return { name: asText(name), chats: chats === "folder" || chats === "none" ? chats : "", key: asText(key) };
}

/** Calls `listener` after a program answers for the first time, and after every restart. */
export function onSession(listener: () => void): void {
  document.addEventListener("mkexe:session", listener);
}

/** Notes the result of writing a chat: why the folder is not usable, or "". */
export function noteChatsProblem(problem: string): void {
  if (known) known = { ...known, chatsProblem: problem };
}

/**
 * From now on the page belongs to the known or expected program. If another program answers later, the page reloads.
 */
export function settlePage(): void {
  pageName = expectedSession().name;
}

/**
 * Asks which program serves this page. Every start of a program has another token. Returns false if nobody answers;
 * then everything that was known stays.
 */
export async function loadSession(): Promise<boolean> {
  const response = await fetchWithKey("mkexe/session", { cache: "no-store" }).catch(() => null);
  // A server that is not a built file answers 404. Any other error, such as a missing key, says nothing about the
  // program.
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

/** Another program is at this address now. This page must not be used with it. */
function leavePage(): Promise<never> {
  location.reload();
  return new Promise(() => undefined);
}

/** Null if the server does not tell. */
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

/** Ends the program. Returns false if the program refuses or cannot be reached. */
export async function quitProgram(): Promise<boolean> {
  const headers = { "Content-Type": "application/json" };
  const response = await ownRequest("mkexe/quit", { method: "POST", headers, body: "{}" });
  return response?.ok === true;
}

/**
 * Sends a request with the token. If the program was restarted, it fetches the new token and sends the request again.
 * Null if nobody answers.
 */
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
