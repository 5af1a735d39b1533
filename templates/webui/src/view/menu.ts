// A small menu at a button (WAI-ARIA Authoring Practices, menu button): arrows move, Escape and a click beside it close.

import { element } from "../browser/dom";
import { icon, type IconName } from "./icons";

export interface MenuItem {
  readonly icon: IconName;
  readonly label: string;
  run(): void;
}

const edgePx = 8;

let close: (() => void) | null = null;

/** Opens the menu below `button`. When it closes, `button` gets the focus back. */
export function openMenu(button: HTMLElement, items: readonly MenuItem[]): void {
  close?.();
  const menu = element("div", { class: "menu", role: "menu", "aria-label": button.getAttribute("aria-label") ?? "" });
  menu.append(...items.map((item) => menuItem(item, (focus) => closeMenu(focus))));
  document.body.append(menu);
  place(menu, button);
  button.setAttribute("aria-expanded", "true");
  const onPointer = (event: Event): void => {
    if (event.target instanceof Node && !menu.contains(event.target)) closeMenu(false);
  };
  // The text of an answer scrolls too while it grows.
  const onScroll = (event: Event): void => {
    if (event.target instanceof Node && event.target.contains(button)) closeMenu(false);
  };
  function closeMenu(focus: boolean): void {
    menu.remove();
    button.setAttribute("aria-expanded", "false");
    removeEventListener("pointerdown", onPointer, true);
    removeEventListener("scroll", onScroll, true);
    close = null;
    if (focus) button.focus();
  }
  close = () => closeMenu(false);
  addEventListener("pointerdown", onPointer, true);
  addEventListener("scroll", onScroll, true);
  menu.addEventListener("keydown", (event) => onKey(event, menu, closeMenu));
  (menu.firstElementChild as HTMLElement | null)?.focus();
}

/** Makes `button` open a menu. `items` are asked for each time. */
export function asMenuButton(button: HTMLElement, items: () => readonly MenuItem[]): void {
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => openMenu(button, items()));
}

function menuItem(item: MenuItem, closeMenu: (focus: boolean) => void): HTMLElement {
  const attributes = { type: "button", role: "menuitem", class: "menu-item", tabindex: "-1" };
  const button = element("button", attributes, icon(item.icon), element("span", {}, item.label));
  button.addEventListener("click", () => {
    closeMenu(true);
    item.run();
  });
  return button;
}

function onKey(event: KeyboardEvent, menu: HTMLElement, closeMenu: (focus: boolean) => void): void {
  const items = [...menu.children] as HTMLElement[];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const last = items.length - 1;
  const moves: Record<string, number> = { ArrowDown: at < last ? at + 1 : 0, ArrowUp: at > 0 ? at - 1 : last, Home: 0, End: last };
  const to = moves[event.key];
  if (to !== undefined) items[to]?.focus();
  else if (event.key === "Escape" || event.key === "Tab") closeMenu(true);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Places the menu below the button, or above it if there is no room. It is always inside the window. */
function place(menu: HTMLElement, button: HTMLElement): void {
  const from = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const isRightToLeft = document.documentElement.dir === "rtl";
  const left = isRightToLeft ? from.left : from.right - width;
  const top = from.bottom + height + edgePx > innerHeight ? from.top - height : from.bottom;
  menu.style.left = `${Math.max(edgePx, Math.min(left, innerWidth - width - edgePx))}px`;
  menu.style.top = `${Math.max(edgePx, top)}px`;
}
