// The program that serves this page: its name, and what only its own page may ask it (docs/http-api.md).

import { fetchWithKey } from "./api-key";

export interface Session {
  /** Whether anybody answered: false means that the program is closed. */
  readonly answered: boolean;
  /** The program's name, or "" where the server has no such endpoints: it is not a built file. */
  readonly name: string;
  /** Whether this page may end the program. */
  readonly canQuit: boolean;
  /** The folder in which the program keeps chats; "" where it keeps none. */
  readonly chatsFolder: string;
}

export interface LoadingProgress {
  /** Of the weights' bytes, 0 to 1. */
  readonly fraction: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Null until it can be said. */
  readonly secondsLeft: number | null;
}

let token = "";

/** Asks who serves this page; another start of the program has another token. */
export async function loadSession(): Promise<Session> {
  const response = await fetchWithKey("mkexe/session", { cache: "no-store" }).catch(() => null);
  const found = response?.ok ? asRecord(await response.json().catch(() => ({}))) : {};
  token = asText(found["token"]);
  return {
    answered: response !== null,
    name: asText(found["name"]),
    canQuit: found["quit"] === true,
    chatsFolder: found["chats"] === "folder" ? asText(found["chats_folder"]) : "",
  };
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

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
