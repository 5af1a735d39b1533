// Unique ids for chats and messages. Not crypto.randomUUID: browsers offer it only to pages of this computer.

/** 16 hexadecimal digits, as docs/http-api.md allows them for a chat. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The current time as a chat's file has it: UTC, in seconds. */
export function timestamp(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
