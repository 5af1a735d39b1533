// Stores chats where it is possible now: in the program's folder; on this page if the program saves none; or in the
// browser. The browser keeps them while the program is closed and its answer is not known, and while its folder is not
// usable. They are delivered later.

import { session } from "../api/session";
import { keepsRecords } from "../browser/browser-store";
import {
  byTime,
  type ChatEntry,
  type ChatFacts,
  type ChatListing,
  type ChatStore,
  type FoundChat,
  listTexts,
  type ReadResult,
  type WriteResult,
} from "./chat-store";
import { PageChats } from "./page-chats";
import { ProgramChats } from "./program-chats";
import { type WaitingChat, WaitingChats } from "./waiting-chats";

export type Place = "folder" | "page" | "unknown";

export interface Undelivered {
  readonly id: string;
  readonly text: string;
  readonly facts?: ChatFacts;
}

const noFacts: ChatFacts = { title: "", pinned: false };

export class KeptChats implements ChatStore {
  private readonly program = new ProgramChats();
  private readonly page = new PageChats();
  private readonly waiting = new WaitingChats();
  /** Whether the browser can keep chats until the program is there; null if not known yet. */
  canWait: boolean | null = null;
  /** The last list from the program, without a search. */
  private listed: readonly ChatEntry[] | null = null;

  get place(): Place {
    const known = session();
    if (!known) return "unknown";
    return known.chatsFolder === "" ? "page" : "folder";
  }

  async prepare(): Promise<void> {
    this.canWait = await keepsRecords();
  }

  async list(search: string): Promise<ChatListing> {
    const entries = this.place === "folder" ? await this.program.list(search) : null;
    if (entries && search === "") this.listed = entries;
    const here = [...this.page.list(search), ...listTexts(await this.waiting.all(), search)];
    const complete = entries !== null || this.place === "page";
    return { entries: merged(here, entries ?? this.remembered(search)), complete };
  }

  async read(id: string): Promise<ReadResult> {
    // A waiting chat comes first: it is newer. If another tab delivers it meanwhile, the program has it afterwards.
    const waiting = await this.waiting.find(id);
    if (waiting) return foundIn(waiting);
    const found = this.place === "folder" ? await this.program.read(id) : this.page.read(id);
    if (found.kind === "found") return found;
    const here = this.page.read(id);
    if (here.kind === "found") return { ...here, revision: null };
    return this.place === "unknown" ? { kind: "unreachable" } : found;
  }

  /** The program's version, whatever waits here. */
  async readFile(id: string): Promise<ReadResult> {
    return this.place === "folder" ? this.program.read(id) : { kind: "unreachable" };
  }

  async write(id: string, text: string, expected: string, facts = noFacts): Promise<WriteResult> {
    const { place } = this;
    if (place === "page") return this.page.write(id, text);
    if (place === "unknown") return this.wait(id, text, expected, facts);
    const result = await this.writeToProgram(id, text, expected);
    // The program was restarted meanwhile with other options.
    if (this.place !== place) return this.write(id, text, "*", facts);
    if (result.kind === "unreachable") return this.wait(id, text, expected, facts);
    if (result.kind === "written") await this.delivered(id);
    // So nothing is lost if the page closes before the folder is usable again.
    if (result.kind === "refused" && session()?.chatsProblem !== "") await this.wait(id, text, expected, facts);
    return result;
  }

  async remove(id: string): Promise<boolean> {
    const isOnlyHere = this.page.read(id).kind === "found" || (await this.waiting.find(id))?.revision === null;
    const removed = this.place === "folder" ? await this.program.remove(id) : this.place === "page";
    if (!removed && !isOnlyHere) return false;
    await this.delivered(id);
    return true;
  }

  /** The chats that the program does not have yet. Empty if the program cannot take them now. */
  async undelivered(): Promise<readonly Undelivered[]> {
    if (this.place === "page") await this.takeBack();
    return this.place === "folder" ? [...(await this.waiting.all()), ...this.page.all()] : [];
  }

  /** The program saves no chats, as last time. Chats that waited for it move to the page, like all others. */
  private async takeBack(): Promise<void> {
    for (const { id, text, expected } of await this.waiting.all()) {
      if (expected.chats !== "none") continue;
      this.page.write(id, text);
      await this.waiting.remove(id);
    }
  }

  private async writeToProgram(id: string, text: string, expected: string): Promise<WriteResult> {
    // The chat waited in the browser. Another page may have delivered it already; that version must not be lost.
    const mayBeThere = expected === "*" && this.waiting.knows(id);
    const other = mayBeThere ? await this.program.read(id) : null;
    if (other?.kind === "found") return { kind: "changed", other };
    return this.program.write(id, text, expected);
  }

  private async wait(id: string, text: string, expected: string, facts: ChatFacts): Promise<WriteResult> {
    const { kept, other } = await this.waiting.put(id, text, expected === "*" ? null : expected, facts);
    if (other) return { kind: "changed", other: foundIn(other) };
    this.canWait = kept;
    return { kind: kept ? "waiting" : "unreachable" };
  }

  private async delivered(id: string): Promise<void> {
    this.page.remove(id);
    await this.waiting.remove(id);
  }

  private remembered(search: string): readonly ChatEntry[] {
    const wanted = search.toLowerCase();
    return (this.listed ?? []).filter(({ title }) => title.toLowerCase().includes(wanted));
  }
}

function foundIn({ text, revision, facts }: WaitingChat): FoundChat {
  return { kind: "found", text, revision, facts };
}

/** Chats on this page or in the browser are newer. */
function merged(here: readonly ChatEntry[], there: readonly ChatEntry[]): readonly ChatEntry[] {
  if (here.length === 0) return there;
  const entries = new Map([...there, ...[...here].reverse()].map((entry) => [entry.id, entry]));
  return byTime([...entries.values()]);
}
