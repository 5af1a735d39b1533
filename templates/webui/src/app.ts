// The entry.

import { startOffline } from "./offline";
import { Page } from "./page";

document.addEventListener("DOMContentLoaded", () => {
  void new Page().start();
  startOffline();
});
