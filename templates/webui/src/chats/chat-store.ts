// The interface of everything that stores chats.

export interface ChatEntry {
  readonly id: string;
  readonly title: string;
  readonly created: string;
  readonly updated: string;
  readonly pinned: boolean;
  readonly revision: string;
}

export interface ChatListing {
  /** Newest first. */
  readonly entries: readonly ChatEntry[];
  /** False if there may be other chats, because the program cannot be asked. */
  readonly complete: boolean;
}

/** Facts that two pages can change at the same time. The later change wins. */
export interface ChatFacts {
  readonly title: string;
  readonly pinned: boolean;
}

/**
 * `revision` is null if the program has no file of the chat yet. `facts` are those of the file, if `text` is newer than
 * the file.
 */
export interface FoundChat {
  readonly kind: "found";
  readonly text: string;
  readonly revision: string | null;
  readonly facts?: ChatFacts;
}

/** refused: the chat exists but cannot be read, and `detail` says why. */
export type ReadResult =
  | FoundChat
  | { readonly kind: "absent" }
  | { readonly kind: "unreachable" }
  | { readonly kind: "refused"; readonly detail: string };

/**
 * waiting: the browser keeps the chat until the program is there; changed: another page has written `other` meanwhile;
 * unreachable: nobody answers; refused: `detail` says why.
 */
export type WriteResult =
  | { readonly kind: "written"; readonly revision: string }
  | { readonly kind: "waiting" }
  | { readonly kind: "changed"; readonly other: ReadResult }
  | { readonly kind: "unreachable" }
  | { readonly kind: "refused"; readonly detail: string };

export interface ChatStore {
  /** The chats that contain `search`. */
  list(search: string): Promise<ChatListing>;
  read(id: string): Promise<ReadResult>;
  /** `expected`: the revision that this write replaces, or "*" for any. `facts` are those of that revision. */
  write(id: string, text: string, expected: string, facts?: ChatFacts): Promise<WriteResult>;
  /** Returns false if the chat is still there. */
  remove(id: string): Promise<boolean>;
}

/** The chats of `texts` that contain `search`. */
export function listTexts(texts: Iterable<{ id: string; text: string; revision: string | null }>, search: string): ChatEntry[] {
  const wanted = search.toLowerCase();
  const found = [...texts].filter(({ text }) => text.toLowerCase().includes(wanted));
  return byTime(found.map(({ id, text, revision }) => ({ ...(JSON.parse(text) as ChatEntry), id, revision: revision ?? "" })));
}

export function byTime(entries: ChatEntry[]): ChatEntry[] {
  return entries.sort((one, other) => other.updated.localeCompare(one.updated));
}
