// When the program comes back on another port, its page takes over the chats that wait at the old port. Tabs that are
// open at the old port follow, with their drafts.
//
// The page opens a frame of the old place. The service worker of that place serves the frame (sw.ts), with or without a
// program. Both sides have got the same key from the program (docs/http-api.md, page_key) and prove that to each other:
// the frame gives nothing to any other page, and the page accepts nothing from any other frame. Each proof names its
// receiver, so nobody in between can forward it. A frame shares the storage of its tab: a tab that came from the old
// place finds its drafts there, and the answers that it still has to request.

import { expectedSession } from "../api/session";
import { ownPath } from "../browser/address";
import { forgetRecord, readRecord, readRecords, replaceRecord } from "../browser/browser-store";
import { askedFor, forgetAsked, keepAsked } from "./pending-requests";
import { asRecord } from "./chat-file";
import { forgetDrafts, packDrafts, unpackDrafts } from "./drafts";
import { newId } from "./ids";
import { isPlace, notePlace, otherPlaces, ownPlace } from "./places";
import { type WaitingChat, waitingFromRecord } from "./waiting-chats";

/** A busy computer starts a worker and a frame slowly. If nobody answers, waiting costs no more than a hidden frame. */
const answerMs = 30_000;
const channelName = "mkexe.moved";
const fromParameter = "from";

/** Moves what waits at other ports into this page's own storage. Returns false if there was nothing. */
export async function takeFromElsewhere(): Promise<boolean> {
  if ((await readRecords("waiting")).length === 0) notePlace(ownPlace(), false);
  if (!canTake()) return false;
  const taken = await Promise.all(otherPlaces().map((place) => takeFrom(place, false)));
  return taken.includes(true);
}

/** Moves the drafts of this tab here, if the tab has followed the program from another port. */
export async function bringAlong(): Promise<void> {
  const place = new URLSearchParams(location.search).get(fromParameter);
  if (place === null) return;
  history.replaceState(null, "", location.pathname + location.hash);
  if (isPlace(place) && canTake()) await takeFrom(place, true);
}

/** The address to which this tab follows the program. */
export function addressToFollow(address: string): string {
  return `${address}?${fromParameter}=${encodeURIComponent(ownPlace())}${location.hash}`;
}

/** Runs in the frame: gives what waits here to the page that asks. */
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

/**
 * Calls `listener` with the new address of this page's program, after its page there has taken over what waited here.
 */
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

/** What the frame gave to a page that proved its key. Only that may be deleted. */
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
    // An open tab wrote it again meanwhile. That version waits for the next hand-over.
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

/** `tab`: also takes the drafts of this tab. Returns false if no chat waited. */
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

/** The ids of the chats that are now in this page's storage. */
async function keepAll(chats: unknown): Promise<string[]> {
  const kept: string[] = [];
  for (const record of Array.isArray(chats) ? chats : []) {
    const chat = waitingFromRecord(record);
    // A waiting chat with the same id stays here. The other one stays at its place until the program has this one.
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

/** Rejects if no message of this kind comes in time: something else uses that place now. */
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

/** HMAC-SHA-256 of `text`. Without a key, the result is random. */
async function proofOf(key: string, text: string): Promise<string> {
  if (key === "") return newId() + newId();
  const bytes = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", bytes.encode(key), algorithm, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", imported, bytes.encode(text)));
  return [...signature].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
