// The entry.

import { startOffline } from "./offline";
import { Page } from "./page";
import { prepare } from "./prepare";

document.addEventListener("DOMContentLoaded", async () => {
  const { info, session } = await prepare();
  void new Page(info, session).start();
  startOffline();
});
