// Server-sent events out of a response body (HTML standard, section 9.2.6): the data of each event, in order.

/** Yields the data of every event. Events without data (comments, pings) are skipped. */
export async function* eventData(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let data: string[] = [];
  for await (const line of lines(body)) {
    if (line === "") {
      if (data.length > 0) yield data.join("\n");
      data = [];
    } else if (line.startsWith("data:")) {
      data.push(line.slice(line[5] === " " ? 6 : 5));
    }
  }
  // The standard drops an unfinished event. Here its data is wanted: a server that dies often leaves the reason in it.
  if (data.length > 0) yield data.join("\n");
}

/** Lines ended by LF, CR LF or CR; a chunk may end anywhere, also inside a character or between CR and LF. */
async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    const heldBack = rest.endsWith("\r") ? "\r" : "";
    const complete = rest.slice(0, rest.length - heldBack.length).split(/\r\n|\n|\r/);
    rest = (complete.pop() ?? "") + heldBack;
    yield* complete;
  }
  rest += decoder.decode();
  if (rest !== "") yield* rest.split(/\r\n|\n|\r/);
}
