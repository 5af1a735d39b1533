// Reads server-sent events from a response body (HTML standard, section 9.2.6): the data of each event, in order.

/** Yields the data of every event. Skips events without data (comments, pings). */
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
  // The standard drops an unfinished event. This function keeps its data: a server that dies often leaves the reason
  // there.
  if (data.length > 0) yield data.join("\n");
}

/** Lines that end with LF, CR LF or CR. A chunk may end anywhere, even inside a character or between CR and LF. */
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
