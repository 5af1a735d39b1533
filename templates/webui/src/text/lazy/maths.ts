// Converts TeX to MathML, which browsers draw themselves.

import temml from "temml";

/** A `math` element, or null if `tex` is faulty. Temml refuses commands that load or link to something. */
export function draw(tex: string, display: boolean): Element | null {
  const holder = document.createElement("span");
  try {
    temml.render(tex, holder, { displayMode: display, throwOnError: true, trust: false, maxSize: [50, 1000] });
  } catch {
    return null;
  }
  return holder.firstElementChild;
}
