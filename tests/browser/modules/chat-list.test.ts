import "./stand-ins";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatList } from "../src/chats/chat-list";
import type { ChatEntry, ChatListing, ChatStore } from "../src/chats/chat-store";

const roses: ChatEntry = { id: "a", title: "Roses", created: "", updated: "", pinned: false, revision: "" };

test("a search that a newer request overtakes ends with the list of that request", async () => {
  const answers: ((listing: ChatListing) => void)[] = [];
  const store = { list: () => new Promise<ChatListing>((resolve) => answers.push(resolve)) };
  const list = new ChatList(store as unknown as ChatStore);
  let ended = false;
  const found = list.find("roses").then(() => (ended = true));
  const polled = list.refresh();
  answers[0]?.({ entries: [], complete: true });
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(ended, false);
  answers[1]?.({ entries: [roses], complete: true });
  await found;
  assert.deepEqual(list.entries, [roses]);
  await polled;
});
