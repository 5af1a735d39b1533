// Where chats are kept: in the program's folder (docs/http-api.md), or only on this page where it keeps none.

import { ownRequest } from "../session";
import { asRecord } from "./chat-file";

export interface ChatEntry {
  readonly id: string;
  readonly title: string;
  readonly created: string;
  readonly updated: string;
  readonly pinned: boolean;
  readonly revision: string;
}

export type ReadResult =
  | { readonly kind: "found"; readonly text: string; readonly revision: string }
  | { readonly kind: "absent" }
  | { readonly kind: "unreachable" };

/** changed: another page wrote it meanwhile; unreachable: nobody answers; refused: `detail` says why. */
export type WriteResult =
  | { readonly kind: "written"; readonly revision: string }
  | { readonly kind: "changed" }
  | { readonly kind: "unreachable" }
  | { readonly kind: "refused"; readonly detail: string };

export interface ChatStore {
  /** Whether chats are still there when this page is closed. */
  readonly keeps: boolean;
  /** The chats in which `search` stands, newest first; null where that cannot be asked. */
  list(search: string): Promise<readonly ChatEntry[] | null>;
  read(id: string): Promise<ReadResult>;
  /** `expected`: the revision that is to be replaced, or "*" for whatever is there. */
  write(id: string, text: string, expected: string): Promise<WriteResult>;
  /** False: it is still there. */
  remove(id: string): Promise<boolean>;
}

export class ProgramChats implements ChatStore {
  readonly keeps = true;
  private readonly known = { search: "", etag: "", entries: [] as readonly ChatEntry[] };

  async list(search: string): Promise<readonly ChatEntry[] | null> {
    const { known } = this;
    const etag = known.search === search ? known.etag : "";
    const address = search === "" ? "mkexe/chats" : `mkexe/chats?search=${encodeURIComponent(search)}`;
    const response = await ownRequest(address, { cache: "no-store", ...(etag && { headers: { "If-None-Match": etag } }) });
    if (response?.status === 304) return known.entries;
    const found = response?.ok ? asRecord(await response.json().catch(() => null)) : null;
    if (!response || !Array.isArray(found?.["chats"])) return null;
    known.search = search;
    known.etag = response.headers.get("ETag") ?? "";
    known.entries = found["chats"] as readonly ChatEntry[];
    return known.entries;
  }

  async read(id: string): Promise<ReadResult> {
    const response = await ownRequest(`mkexe/chats/${id}`, { cache: "no-store" });
    if (response?.status === 404) return { kind: "absent" };
    const text = response?.ok ? await response.text().catch(() => null) : null;
    if (!response || text === null) return { kind: "unreachable" };
    return { kind: "found", text, revision: (response.headers.get("ETag") ?? "").replace(/"/g, "") };
  }

  async write(id: string, text: string, expected: string): Promise<WriteResult> {
    const headers = { "Content-Type": "application/json", "If-Match": expected === "*" ? "*" : `"${expected}"` };
    const response = await ownRequest(`mkexe/chats/${id}`, { method: "POST", headers, body: text });
    if (!response) return { kind: "unreachable" };
    const body = asRecord(await response.json().catch(() => null)) ?? {};
    if (response.ok) return { kind: "written", revision: String(body["revision"]) };
    if (response.status === 409) return { kind: "changed" };
    const detail = asRecord(body["error"])?.["message"];
    return { kind: "refused", detail: typeof detail === "string" ? detail : `HTTP ${response.status}` };
  }

  async remove(id: string): Promise<boolean> {
    return (await ownRequest(`mkexe/chats/${id}`, { method: "DELETE" }))?.ok === true;
  }
}

/** Chats that are gone with the page. */
export class PageChats implements ChatStore {
  readonly keeps = false;
  private readonly texts = new Map<string, { readonly text: string; readonly revision: string }>();
  private writes = 0;

  list(search: string): Promise<readonly ChatEntry[]> {
    const wanted = search.toLowerCase();
    const found = [...this.texts].filter(([, { text }]) => text.toLowerCase().includes(wanted));
    const entries = found.map(([id, { text, revision }]) => ({ ...(JSON.parse(text) as ChatEntry), id, revision }));
    return Promise.resolve(entries.sort((one, other) => other.updated.localeCompare(one.updated)));
  }

  read(id: string): Promise<ReadResult> {
    const found = this.texts.get(id);
    return Promise.resolve(found ? { kind: "found", ...found } : { kind: "absent" });
  }

  write(id: string, text: string): Promise<WriteResult> {
    const revision = String(++this.writes);
    this.texts.set(id, { text, revision });
    return Promise.resolve({ kind: "written", revision });
  }

  remove(id: string): Promise<boolean> {
    this.texts.delete(id);
    return Promise.resolve(true);
  }
}
