// Lets the page be opened while the program is restarted, or closed: sw.ts keeps its files.

import { workerAddress } from "../browser/trusted";
import { version } from "../browser/version";

/** Browsers allow service workers only at addresses of this computer and over https; elsewhere nothing is kept. */
export function startOffline(): void {
  navigator.serviceWorker?.register(workerAddress(`sw.js${version}`)).catch(() => {
    // Forbidden by the person's settings: the page works without.
  });
}
