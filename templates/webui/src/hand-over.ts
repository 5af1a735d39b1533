// Chats that wait at another port of this computer come to the page of the program that is there again.
//
// The page opens a frame of that place, which its service worker serves (sw.ts), with or without a program. Both have
// heard the same key from the program (docs/http-api.md, page_key), and show each other that they have: the frame gives
// nothing to any other page, and the page takes nothing from any other frame. The proofs name who they are meant for,
// so nobody in between can pass them on.

import { ownPath } from "./address";
import { forgetRecord, keepRecord, readRecords } from "./browser-store";
import { asRecord } from "./chats/chat-file";
import { newId } from "./chats/ids";
import { waitingFromRecord } from "./chats/waiting-chats";
import { notePlace, otherPlaces, ownPlace } from "./places";

const answerMs = 5000;
const channelName = "mkexe.moved";

/** Brings what waits at other ports into this page's own storage. False: there was nothing. */
export async function takeFromElsewhere(key: string): Promise<boolean> {
  if (key === "" || !isSecureContext) return false;
  let taken = false;
  for (const place of otherPlaces()) taken = (await takeFrom(place, key)) || taken;
  return taken;
}

/** What the frame does. */
export function startGiving(): void {
  const nonce = newId() + newId();
  const answer = (event: MessageEvent): void => {
    if (event.source !== parent || new URL(event.origin).hostname !== location.hostname) return;
    const send = (message: unknown): void => parent.postMessage(message, event.origin);
    const { kind, proof, nonce: theirs, ids, path } = asRecord(event.data) ?? {};
    if (kind === "take") void give(String(proof), nonce, String(theirs), event.origin).then(send);
    if (kind !== "taken" || given === null) return;
    void forget(ids, given).then(send);
    tellTabs(`${event.origin}${String(path)}`);
  };
  addEventListener("message", answer);
  parent.postMessage({ kind: "hello", nonce }, "*");
}

/** Calls `listener` with the address at which the program of this page is now, when its page there took what waits here. */
export function onMoved(listener: (address: string) => void): void {
  new BroadcastChannel(channelName).onmessage = ({ data }: MessageEvent) => {
    if (new URL(String(data)).hostname === location.hostname) listener(String(data));
  };
}

function tellTabs(address: string): void {
  const channel = new BroadcastChannel(channelName);
  channel.postMessage(address);
  channel.close();
}

/** What was given to a page that proved itself: only that may be removed. */
let given: readonly string[] | null = null;

async function give(proof: string, nonce: string, theirs: string, origin: string): Promise<unknown> {
  const chats = [];
  let key = "";
  for (const [, record] of await readRecords("waiting")) {
    const chat = waitingFromRecord(record);
    if (!chat || proof !== (await proofOf(chat.expected.key, `take ${nonce} ${location.origin}`))) continue;
    key = chat.expected.key;
    chats.push(chat);
  }
  given = chats.map(({ id }) => id);
  return { kind: "give", chats, proof: await proofOf(key, `give ${theirs} ${origin}`) };
}

async function forget(ids: unknown, allowed: readonly string[]): Promise<unknown> {
  for (const id of Array.isArray(ids) ? ids : []) if (allowed.includes(id)) await forgetRecord("waiting", id);
  return { kind: "done", left: (await readRecords("waiting")).length };
}

async function takeFrom(place: string, key: string): Promise<boolean> {
  const origin = `${location.protocol}//${location.hostname}:${place.slice(0, place.indexOf("/"))}`;
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.src = `${origin}${place.slice(place.indexOf("/"))}hand-over`;
  const hello = heardFrom(frame, origin, "hello");
  document.body.append(frame);
  try {
    const nonce = newId() + newId();
    const proof = await proofOf(key, `take ${String((await hello)["nonce"])} ${origin}`);
    const give = await askFrame(frame, origin, { kind: "take", nonce, proof }, "give");
    if (give["proof"] !== (await proofOf(key, `give ${nonce} ${location.origin}`))) return false;
    const ids = await keepAll(give["chats"]);
    const { left } = await askFrame(frame, origin, { kind: "taken", ids, path: ownPath() }, "done");
    if (left === 0) notePlace(place, false);
    return ids.length > 0;
  } catch {
    return false;
  } finally {
    frame.remove();
  }
}

/** The names of those that are in this page's storage now. */
async function keepAll(chats: unknown): Promise<string[]> {
  const kept: string[] = [];
  for (const record of Array.isArray(chats) ? chats : []) {
    const chat = waitingFromRecord(record);
    if (chat && (await keepRecord("waiting", chat.id, chat))) kept.push(chat.id);
  }
  if (kept.length > 0) notePlace(ownPlace(), true);
  return kept;
}

function askFrame(frame: HTMLIFrameElement, origin: string, message: unknown, kind: string): Promise<Record<string, unknown>> {
  const answer = heardFrom(frame, origin, kind);
  frame.contentWindow?.postMessage(message, origin);
  return answer;
}

/** Rejects where no message of this kind comes in time: the place is that of something else now. */
function heardFrom(frame: HTMLIFrameElement, origin: string, kind: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const done = (): void => removeEventListener("message", listen);
    const timer = setTimeout(() => {
      done();
      reject(new Error(`no ${kind} from ${origin}`));
    }, answerMs);
    const listen = (event: MessageEvent): void => {
      const message = asRecord(event.data);
      if (event.source !== frame.contentWindow || event.origin !== origin || message?.["kind"] !== kind) return;
      clearTimeout(timer);
      done();
      resolve(message);
    };
    addEventListener("message", listen);
  });
}

/** HMAC-SHA-256 of `text`; another one every time where there is no key. */
async function proofOf(key: string, text: string): Promise<string> {
  if (key === "") return newId() + newId();
  const bytes = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", bytes.encode(key), algorithm, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", imported, bytes.encode(text)));
  return [...signature].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
