// Addresses of this computer at which chats, or tabs with drafts, wait in the browser. The program may come back on
// another port, which is another site with its own storage. Cookies do not depend on the port, so a cookie tells its
// page where they wait. The cookie says nothing else.

import { ownPath } from "../browser/address";

const cookieName = "mkexe-waiting";
const keptSeconds = 60 * 60 * 24 * 30;

/** A port and a path: "8080/". */
const form = /^\d{1,5}\/[\w.~/-]*$/;

export function isPlace(text: string): boolean {
  return form.test(text);
}

export function ownPlace(): string {
  return location.port + ownPath();
}

/** All places but this page's own. */
export function otherPlaces(): string[] {
  return places().filter((place) => place !== ownPlace());
}

/** Notes whether something waits at `place`. */
export function notePlace(place: string, waits: boolean): void {
  const before = places();
  if (before.includes(place) === waits) return;
  const after = waits ? [...before, place] : before.filter((other) => other !== place);
  const value = encodeURIComponent(after.join(" "));
  document.cookie = `${cookieName}=${value}; path=/; SameSite=Strict; max-age=${after.length > 0 ? keptSeconds : 0}`;
}

function places(): string[] {
  const pairs = document.cookie.split("; ").map((pair) => pair.split("="));
  const value = pairs.find(([name]) => name === cookieName)?.[1] ?? "";
  try {
    return decodeURIComponent(value).split(" ").filter(isPlace);
  } catch {
    return [];
  }
}
