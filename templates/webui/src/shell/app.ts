// The entry.

import { bringAlong, startGiving } from "../chats/hand-over";
import { startOffline } from "./offline";
import { Page } from "./page";
import { prepare } from "./prepare";

async function startPage(): Promise<void> {
  const answered = await prepare();
  await bringAlong();
  new Page(answered).start();
  startOffline();
}

document.addEventListener("DOMContentLoaded", () => {
  // This is the frame in which a page at another port takes over what waits here (sw.ts).
  if (document.documentElement.dataset["frame"] === "hand-over") startGiving();
  else void startPage();
});
