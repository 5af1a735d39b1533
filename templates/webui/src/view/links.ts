// Links in answers, which the builder can switch off: then they are text, and their addresses can still be read.

import { element } from "../browser/dom";

let shown = true;

export function allowLinks(allowed: boolean): void {
  shown = allowed;
}

/** Where links are off, `fragment` has none afterwards. */
export function applyLinkRule(fragment: DocumentFragment): void {
  if (shown) return;
  for (const link of fragment.querySelectorAll("a")) {
    const address = link.getAttribute("href") ?? "";
    const text = element("span", {});
    text.append(...link.childNodes);
    if (address !== "" && address !== text.textContent) text.append(` (${address})`);
    link.replaceWith(text);
  }
}
