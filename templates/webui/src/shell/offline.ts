// Lets people open the page while the program restarts or is closed: sw.ts keeps its files.

import { workerAddress } from "../browser/trusted";
import { version } from "../browser/version";

/** Browsers allow service workers only at addresses of this computer and over https. Elsewhere nothing is kept. */
export function startOffline(): void {
  navigator.serviceWorker?.register(workerAddress(`sw.js${version}`)).catch(() => {
    // The person's settings forbid it. The page works without it.
  });
}
