// Links in answers. The builder can switch them off. Then they are text, and people can still read their addresses.

import { element } from "../browser/dom";

let shown = true;

export function allowLinks(allowed: boolean): void {
  shown = allowed;
}

/** If links are off, removes all links from `fragment`. */
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
