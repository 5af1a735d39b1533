// The address names the chat on the screen after the "#". So a person can reload the chat, open it in another tab, and
// go back to it.

/** The chat that the address names; "" means a new chat. */
export function chatInAddress(): string {
  return /^#[0-9a-z-]{8,64}$/.test(location.hash) ? location.hash.slice(1) : "";
}

/** Puts `chatId` into the address. `replace`: changes the current entry of the history instead of adding one. */
export function nameChat(chatId: string, replace: boolean): void {
  if (chatId === chatInAddress()) return;
  const address = location.pathname + location.search + (chatId && `#${chatId}`);
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
}

/** Calls `listener` after the person followed a link to a chat, or went back or forward. */
export function onAddress(listener: () => void): void {
  addEventListener("popstate", listener);
}

/** The path under which the program has all its addresses: "/", or --api-prefix and "/". */
export function ownPath(): string {
  return new URL("./", location.href).pathname;
}
