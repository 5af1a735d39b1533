// Chats that wait at another port of this computer come to the page of the program that is there again, and so do the
// tabs that are open there, with what was begun in them.
//
// The page opens a frame of that place, which its service worker serves (sw.ts), with or without a program. Both have
// heard the same key from the program (docs/http-api.md, page_key), and show each other that they have: the frame gives
// nothing to any other page, and the page takes nothing from any other frame. The proofs name who they are meant for,
// so nobody in between can pass them on. A frame shares the storage of the tab that it is in: so a tab that has come from
// there finds its drafts, and the answers that it is to ask for.

import { expectedSession } from "../api/session";
import { ownPath } from "../browser/address";
import { forgetRecord, readRecord, readRecords, replaceRecord } from "../browser/browser-store";
import { askedFor, forgetAsked, keepAsked } from "./asked";
import { asRecord } from "./chat-file";
import { forgetDrafts, packDrafts, unpackDrafts } from "./drafts";
import { newId } from "./ids";
import { isPlace, notePlace, otherPlaces, ownPlace } from "./places";
import { type WaitingChat, waitingFromRecord } from "./waiting-chats";

/** A busy computer starts a worker and a frame slowly; a place where nobody answers costs no more than a hidden frame. */
const answerMs = 30_000;
const channelName = "mkexe.moved";
const fromParameter = "from";

/** Brings what waits at other ports into this page's own storage. False: there was nothing. */
export async function takeFromElsewhere(): Promise<boolean> {
  if ((await readRecords("waiting")).length === 0) notePlace(ownPlace(), false);
  if (!canTake()) return false;
  const taken = await Promise.all(otherPlaces().map((place) => takeFrom(place, false)));
  return taken.includes(true);
}

/** Brings what was begun in this tab, where it has followed the program from another port. */
export async function bringAlong(): Promise<void> {
  const place = new URLSearchParams(location.search).get(fromParameter);
  if (place === null) return;
  history.replaceState(null, "", location.pathname + location.hash);
  if (isPlace(place) && canTake()) await takeFrom(place, true);
}

/** Where this tab goes to follow the program to `address`. */
export function addressToFollow(address: string): string {
  return `${address}?${fromParameter}=${encodeURIComponent(ownPlace())}${location.hash}`;
}

/** What the frame does. */
export function startGiving(): void {
  const nonce = newId() + newId();
  const answer = (event: MessageEvent): void => {
    if (event.source !== parent || new URL(event.origin).hostname !== location.hostname) return;
    const send = (message: unknown): void => parent.postMessage(message, event.origin);
    const message = asRecord(event.data) ?? {};
    if (message["kind"] === "take") void give(message, nonce, event.origin).then(send);
    if (message["kind"] !== "taken" || given === null) return;
    void forget(message, given).then(send);
    tellTabs(`${event.origin}${String(message["path"])}`, String(message["name"]));
  };
  addEventListener("message", answer);
  parent.postMessage({ kind: "hello", nonce }, "*");
}

/** Calls `listener` with the address at which the program of this page is now, when its page there took what waits here. */
export function onMoved(listener: (address: string) => void): void {
  new BroadcastChannel(channelName).onmessage = ({ data }: MessageEvent) => {
    const { address, name } = asRecord(data) ?? {};
    const isMine = name === expectedSession().name && new URL(String(address)).hostname === location.hostname;
    if (isMine) listener(String(address));
  };
}

function tellTabs(address: string, name: string): void {
  const channel = new BroadcastChannel(channelName);
  channel.postMessage({ address, name });
  channel.close();
}

/** What was given to a page that proved itself: only that may be removed. */
let given: readonly WaitingChat[] | null = null;

async function give(asked: Record<string, unknown>, nonce: string, origin: string): Promise<unknown> {
  const { proof, nonce: theirs, name, tab } = asked;
  const waiting = (await readRecords("waiting")).flatMap(([, record]) => waitingFromRecord(record) ?? []);
  const here = expectedSession();
  for (const key of new Set([here, ...waiting.map(({ expected }) => expected)].map((expected) => expected.key))) {
    if (key === "" || proof !== (await proofOf(key, `take ${nonce} ${location.origin}`))) continue;
    const isTheirs = (expected: { readonly key: string; readonly name: string }): boolean =>
      expected.key === key && (expected.name === "" || expected.name === name);
    given = waiting.filter(({ expected }) => isTheirs(expected));
    const begun = tab === true && isTheirs(here) ? { drafts: await packDrafts(), asked: askedFor() } : null;
    return { kind: "give", chats: given, begun, proof: await proofOf(key, `give ${String(theirs)} ${origin}`) };
  }
  return { kind: "give", proof: await proofOf("", "") };
}

async function forget({ ids, begun }: Record<string, unknown>, chats: readonly WaitingChat[]): Promise<unknown> {
  const taken = chats.filter(({ id }) => Array.isArray(ids) && ids.includes(id));
  for (const { id, text } of taken) {
    // Written meanwhile by a tab that is open here: that waits for the next time.
    if (waitingFromRecord(await readRecord("waiting", id))?.text === text) await forgetRecord("waiting", id);
  }
  if (begun === true) {
    await forgetDrafts();
    forgetAsked();
  }
  return { kind: "done", left: (await readRecords("waiting")).length };
}

function canTake(): boolean {
  return expectedSession().key !== "" && isSecureContext;
}

/** `tab`: also what was begun in this tab, there. False: no chat waited. */
async function takeFrom(place: string, tab: boolean): Promise<boolean> {
  const origin = `${location.protocol}//${location.hostname}:${place.slice(0, place.indexOf("/"))}`;
  const { key, name } = expectedSession();
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.src = `${origin}${place.slice(place.indexOf("/"))}hand-over`;
  const hello = heardFrom(frame, origin, "hello");
  document.body.append(frame);
  try {
    const nonce = newId() + newId();
    const proof = await proofOf(key, `take ${String((await hello)["nonce"])} ${origin}`);
    const give = await askFrame(frame, origin, { kind: "take", nonce, proof, name, tab }, "give");
    if (give["proof"] !== (await proofOf(key, `give ${nonce} ${location.origin}`))) return false;
    const ids = await keepAll(give["chats"]);
    const begun = asRecord(give["begun"]);
    if (begun) await keepBegun(begun);
    const taken = { kind: "taken", ids, begun: begun !== null, path: ownPath(), name };
    const { left } = await askFrame(frame, origin, taken, "done");
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
    // One of the same name that waits here stays: the other stays where it is until that is with the program.
    const mayReplace = (present: unknown): boolean => [undefined, chat?.text].includes(waitingFromRecord(present)?.text);
    if (chat && (await replaceRecord("waiting", chat.id, chat, mayReplace)).kept) kept.push(chat.id);
  }
  if (kept.length > 0) notePlace(ownPlace(), true);
  return kept;
}

async function keepBegun({ drafts, asked }: Record<string, unknown>): Promise<void> {
  await unpackDrafts(drafts);
  keepAsked(Array.isArray(asked) ? asked.map(String) : []);
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
