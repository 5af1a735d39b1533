// Converts the bytes of a file to text.

import { Refusal } from "./refusal";

// Control characters that text never contains: all below space except tab, line feed, form feed, carriage return and
// escape.
const controlCharacters = /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/;

/**
 * Reads UTF-8, UTF-16 with a byte order mark, or Windows-1252, which older spreadsheets still write. Refuses everything
 * else.
 */
export function decodeText(bytes: Uint8Array<ArrayBuffer>): string {
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes);
  if (controlCharacters.test(text)) throw new Refusal("binary");
  return text.replace(/\r\n?/g, "\n");
}

function encodingOf(bytes: Uint8Array<ArrayBuffer>): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  return isUtf8(bytes) ? "utf-8" : "windows-1252";
}

function isUtf8(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
