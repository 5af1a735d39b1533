// Speaks to screen readers in whole sentences. The conversation itself is no live region: it would be read again
// with every word that arrives.

import { byId } from "../browser/dom";

export function announce(text: string): void {
  const region = byId("announcer", HTMLElement);
  // A new element, so that the same sentence twice is spoken twice.
  const line = document.createElement("p");
  line.textContent = text;
  region.replaceChildren(line);
}
