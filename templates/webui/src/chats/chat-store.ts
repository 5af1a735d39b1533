// What keeps chats, as the rest of the page sees it.

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
  /** False: there may be others, for the program cannot be asked. */
  readonly complete: boolean;
}

/** What two pages may change at once, of which the later counts. */
export interface ChatFacts {
  readonly title: string;
  readonly pinned: boolean;
}

/** `revision` is null where the program has no file of it yet; `facts` are those of the file, where `text` is newer. */
export interface FoundChat {
  readonly kind: "found";
  readonly text: string;
  readonly revision: string | null;
  readonly facts?: ChatFacts;
}

/** refused: it is there, but cannot be had, and `detail` says why. */
export type ReadResult =
  | FoundChat
  | { readonly kind: "absent" }
  | { readonly kind: "unreachable" }
  | { readonly kind: "refused"; readonly detail: string };

/**
 * waiting: the browser keeps it until the program is there; changed: another page wrote it meanwhile, `other`;
 * unreachable: nobody answers; refused: `detail` says why.
 */
export type WriteResult =
  | { readonly kind: "written"; readonly revision: string }
  | { readonly kind: "waiting" }
  | { readonly kind: "changed"; readonly other: ReadResult }
  | { readonly kind: "unreachable" }
  | { readonly kind: "refused"; readonly detail: string };

export interface ChatStore {
  /** The chats in which `search` stands. */
  list(search: string): Promise<ChatListing>;
  read(id: string): Promise<ReadResult>;
  /** `expected`: the revision that is to be replaced, or "*" for whatever is there. `facts` are those of that file. */
  write(id: string, text: string, expected: string, facts?: ChatFacts): Promise<WriteResult>;
  /** False: it is still there. */
  remove(id: string): Promise<boolean>;
}

/** The chats of `texts` in which `search` stands. */
export function listTexts(texts: Iterable<{ id: string; text: string; revision: string | null }>, search: string): ChatEntry[] {
  const wanted = search.toLowerCase();
  const found = [...texts].filter(({ text }) => text.toLowerCase().includes(wanted));
  return byTime(found.map(({ id, text, revision }) => ({ ...(JSON.parse(text) as ChatEntry), id, revision: revision ?? "" })));
}

export function byTime(entries: ChatEntry[]): ChatEntry[] {
  return entries.sort((one, other) => other.updated.localeCompare(one.updated));
}
