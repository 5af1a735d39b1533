// Names that no two chats or messages share. Not crypto.randomUUID: browsers have it only on pages of this computer.

/** 16 hexadecimal digits, as docs/http-api.md allows them for a chat. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Now, as times stand in a chat's file: UTC, in seconds. */
export function timestamp(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
