// The entry.

import { startOffline } from "./offline";
import { Page } from "./page";
import { prepare } from "./prepare";

document.addEventListener("DOMContentLoaded", async () => {
  const info = await prepare();
  void new Page(info).start();
  startOffline();
});
