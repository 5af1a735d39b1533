// Answers that survive a broken connection. Upstream keeps a stream under the name in X-Conversation-Id until five
// minutes after its end, and can send it again from any byte (tools/server/server-stream.cpp).

import { fetchWithKey } from "./api-key";

export function streamHeader(streamId: string): Readonly<Record<string, string>> {
  return { "X-Conversation-Id": streamId };
}

/** The content of `streamId` from byte `offset`. Null if the program does not know the stream or does not answer. */
export async function openStream(
  streamId: string,
  offset: number,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | null> {
  try {
    const response = await fetchWithKey(`${addressOf(streamId)}&from=${offset}`, { signal, cache: "no-store" });
    return response.ok ? response.body : null;
  } catch {
    return null;
  }
}

/**
 * The bytes of `first`; if the connection breaks, also those that follow. Ends when no more bytes come. Throws what
 * aborting throws.
 */
export async function* resumableBytes(
  first: ReadableStream<Uint8Array>,
  streamId: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (let body: ReadableStream<Uint8Array> | null = first; body; ) {
    const before = offset;
    for await (const bytes of bytesUntilCut(body, signal)) {
      offset += bytes.length;
      yield bytes;
    }
    body = offset > before ? await openStream(streamId, offset, signal) : null;
  }
}

/** Tells the program to stop writing `streamId` and to forget it. */
export function endStream(streamId: string): void {
  fetchWithKey(addressOf(streamId), { method: "DELETE", keepalive: true }).catch(() => undefined);
}

function addressOf(streamId: string): string {
  return `v1/stream?conv_id=${encodeURIComponent(streamId)}`;
}

async function* bytesUntilCut(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (signal.aborted) throw error;
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
