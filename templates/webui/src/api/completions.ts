// The llama-server API. Addresses are relative, so the page also works below an --api-prefix.

import { requestSettings } from "../prefs/settings";
import { fetchWithKey } from "./api-key";
import type { ContentPart } from "./attachment";
import { eventData } from "./sse";
import { openStream, resumableBytes, streamHeader } from "./stream";

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string | readonly ContentPart[];
  readonly reasoning_content?: string;
}

export type AnswerEvent =
  | { readonly kind: "progress"; readonly fraction: number }
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "end"; readonly cutOff: boolean }
  | { readonly kind: "usage"; readonly tokensPerSecond: number; readonly tokens: number; readonly contextTokens: number };

export type FailureKind =
  | "unreachable"
  | "broken_off"
  | "loading"
  | "context_full"
  | "unauthorized"
  | "server"
  | "unknown";

/** Why there is no answer, or only part of one. `detail` is the server's own sentence, if it gave one. */
export class ApiFailure extends Error {
  constructor(
    readonly kind: FailureKind,
    readonly detail: string = "",
  ) {
    super(`${kind} ${detail}`);
  }
}

/**
 * Asks for the next message of a chat and yields it piece by piece. Throws `ApiFailure`, or what aborting throws. The
 * program keeps the answer under `streamId`, so a broken connection continues where it was.
 */
export async function* streamAnswer(
  messages: readonly ChatMessage[],
  streamId: string,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent> {
  const body = { ...requestSettings(), messages, stream: true, return_progress: true };
  const response = await post("v1/chat/completions", body, streamHeader(streamId), signal);
  if (!response.ok || !response.body) throw failureOf(response.status, await response.text().catch(() => ""));
  yield* streamEvents(resumableBytes(response.body, streamId, signal), signal);
}

/**
 * The whole answer that the program writes or wrote under `streamId`, from its beginning. Null if the program does not
 * know it.
 */
export async function resumeAnswer(streamId: string, signal: AbortSignal): Promise<AsyncGenerator<AnswerEvent> | null> {
  const body = await openStream(streamId, 0, signal);
  return body && streamEvents(resumableBytes(body, streamId, signal), signal);
}

async function* streamEvents(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
  let ended = false;
  try {
    for await (const data of eventData(body)) {
      if (data === "[DONE]") return;
      for (const event of answerEvents(parseJson(data))) {
        ended ||= event.kind === "end";
        yield event;
      }
    }
  } catch (error) {
    if (error instanceof ApiFailure || signal.aborted) throw error;
  }
  if (!ended) throw new ApiFailure("broken_off");
}

async function post(
  address: string,
  body: unknown,
  more: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  try {
    const headers = { "Content-Type": "application/json", ...more };
    return await fetchWithKey(address, { method: "POST", headers, body: JSON.stringify(body), signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiFailure("unreachable");
  }
}

interface Chunk {
  readonly error?: ErrorBody | string;
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null; readonly reasoning_content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly timings?: Timings;
  readonly prompt_progress?: { readonly total: number; readonly cache: number; readonly processed: number };
}

/** Upstream: tools/server/server-common.cpp, server_slot_stats. */
interface Timings {
  readonly predicted_per_second?: number;
  readonly predicted_n?: number;
  readonly prompt_n?: number;
  readonly cache_n?: number;
}

interface ErrorBody {
  readonly message?: string;
  readonly type?: string;
  readonly code?: number | string;
}

function* answerEvents(chunk: Chunk): Generator<AnswerEvent> {
  if (chunk.error) throw failureOf(0, JSON.stringify(chunk));
  const progress = chunk.prompt_progress;
  if (progress) {
    // Tokens from the cache took no time. The person waits only for the rest.
    const work = progress.total - progress.cache;
    yield { kind: "progress", fraction: work > 0 ? (progress.processed - progress.cache) / work : 1 };
  }
  const choice = chunk.choices?.[0];
  if (choice?.delta?.reasoning_content) yield { kind: "reasoning", text: choice.delta.reasoning_content };
  if (choice?.delta?.content) yield { kind: "text", text: choice.delta.content };
  if (choice?.finish_reason) yield { kind: "end", cutOff: choice.finish_reason === "length" };
  const { predicted_per_second: tokensPerSecond, predicted_n = 0, prompt_n = 0, cache_n = 0 } = chunk.timings ?? {};
  if (tokensPerSecond) {
    yield { kind: "usage", tokensPerSecond, tokens: predicted_n, contextTokens: cache_n + prompt_n + predicted_n };
  }
}

/** Reads an error response: `{"error": {"message", "type", "code"}}` (tools/server/server-common.cpp), or any text. */
function failureOf(status: number, body: string): ApiFailure {
  let error: ErrorBody = {};
  try {
    const parsed = (JSON.parse(body) as Chunk).error;
    error = typeof parsed === "string" ? { message: parsed } : (parsed ?? {});
  } catch {
    // Not JSON: this is a proxy, or a server that is not llama-server.
  }
  const detail = error.message ?? (status > 0 ? `HTTP ${status}` : body);
  if (error.type === "exceed_context_size_error") return new ApiFailure("context_full", detail);
  if (status === 503 && error.message === "Loading model") return new ApiFailure("loading", detail);
  if (status === 401 || error.type === "authentication_error") return new ApiFailure("unauthorized", detail);
  return new ApiFailure("server", detail);
}

function parseJson(text: string): Chunk {
  try {
    return JSON.parse(text) as Chunk;
  } catch {
    throw new ApiFailure("server", text.slice(0, 200));
  }
}
