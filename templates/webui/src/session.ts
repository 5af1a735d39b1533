// The name of the program that serves this page (docs/http-api.md, GET mkexe/session).

import { fetchWithKey } from "./api-key";

/** The name, or "" where the server has no such endpoint: it is not a built file. */
export async function loadSessionName(): Promise<string> {
  try {
    const response = await fetchWithKey("mkexe/session", { cache: "no-store" });
    const session = response.ok ? ((await response.json()) as { readonly name?: unknown }) : {};
    return typeof session.name === "string" ? session.name : "";
  } catch {
    return "";
  }
}
