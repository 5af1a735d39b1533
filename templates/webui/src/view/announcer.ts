// Tells screen readers whole sentences. The conversation itself is not a live region, because a screen reader would
// read it again with every new word.

import { byId } from "../browser/dom";

export function announce(text: string): void {
  const region = byId("announcer", HTMLElement);
  // A new element, so that screen readers speak the same sentence twice.
  const line = document.createElement("p");
  line.textContent = text;
  region.replaceChildren(line);
}
