// Chats of a program that saves none. They are lost when the page closes.

import { type ChatEntry, listTexts, type ReadResult, type WriteResult } from "./chat-store";

export class PageChats {
  private readonly texts = new Map<string, { readonly text: string; readonly revision: string }>();
  private writes = 0;

  list(search: string): ChatEntry[] {
    return listTexts(this.all(), search);
  }

  all(): { id: string; text: string; revision: string }[] {
    return [...this.texts].map(([id, found]) => ({ id, ...found }));
  }

  read(id: string): ReadResult {
    const found = this.texts.get(id);
    return found ? { kind: "found", ...found } : { kind: "absent" };
  }

  write(id: string, text: string): WriteResult {
    const revision = String(++this.writes);
    this.texts.set(id, { text, revision });
    return { kind: "written", revision };
  }

  remove(id: string): void {
    this.texts.delete(id);
  }
}
