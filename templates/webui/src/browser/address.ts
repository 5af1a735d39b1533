// The address names the chat on the screen, after the "#": it can be reloaded, opened in another tab, and gone back to.

/** The chat that the address names; "" for a new one. */
export function chatInAddress(): string {
  return /^#[0-9a-z-]{8,64}$/.test(location.hash) ? location.hash.slice(1) : "";
}

/** Names `chatId` in the address; `replace`: in the place of what is there, and not as a further step. */
export function nameChat(chatId: string, replace: boolean): void {
  if (chatId === chatInAddress()) return;
  const address = location.pathname + location.search + (chatId && `#${chatId}`);
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
}

/** Calls `listener` when the person followed a link to a chat, or went back or forth. */
export function onAddress(listener: () => void): void {
  addEventListener("popstate", listener);
}

/** The path below which this page's program has all of its addresses: "/", or what --api-prefix put before it. */
export function ownPath(): string {
  return new URL("./", location.href).pathname;
}
