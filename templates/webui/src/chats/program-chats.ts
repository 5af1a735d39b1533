// Chats in the program's folder (docs/http-api.md).

import { noteChatsProblem, ownRequest } from "../api/session";
import { asRecord } from "./chat-file";
import type { ChatEntry, ReadResult, WriteResult } from "./chat-store";

export class ProgramChats {
  private readonly known = { search: "", etag: "", entries: [] as readonly ChatEntry[] };

  /** Null if the program does not answer. */
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
    if (response && !response.ok) return { kind: "refused", detail: await detailOf(response) };
    const text = (await response?.text().catch(() => null)) ?? null;
    if (!response || text === null) return { kind: "unreachable" };
    return { kind: "found", text, revision: (response.headers.get("ETag") ?? "").replace(/"/g, "") };
  }

  async write(id: string, text: string, expected: string): Promise<WriteResult> {
    const headers = { "Content-Type": "application/json", "If-Match": expected === "*" ? "*" : `"${expected}"` };
    const response = await ownRequest(`mkexe/chats/${id}`, { method: "POST", headers, body: text });
    if (!response) return { kind: "unreachable" };
    if (response.ok) return this.wrote(asRecord(await response.json().catch(() => null))?.["revision"]);
    if (response.status === 409) return { kind: "changed", other: await this.read(id) };
    const detail = await detailOf(response);
    // 500 and 507 mean that the folder is the problem, not the chat.
    if (response.status >= 500) noteChatsProblem(detail);
    return { kind: "refused", detail };
  }

  async remove(id: string): Promise<boolean> {
    return (await ownRequest(`mkexe/chats/${id}`, { method: "DELETE" }))?.ok === true;
  }

  private wrote(revision: unknown): WriteResult {
    noteChatsProblem("");
    return { kind: "written", revision: String(revision) };
  }
}

/** The program's own sentence. */
async function detailOf(response: Response): Promise<string> {
  const detail = asRecord(asRecord(await response.json().catch(() => null))?.["error"])?.["message"];
  return typeof detail === "string" ? detail : `HTTP ${response.status}`;
}
