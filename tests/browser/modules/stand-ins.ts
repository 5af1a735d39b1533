// What modules of the page look for in a browser. A test imports this file first.

class Shelf {
  private readonly values = new Map<string, string>();
  getItem = (key: string): string | null => this.values.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.values.set(key, value);
  removeItem = (key: string): void => void this.values.delete(key);
}

const stand: Record<string, unknown> = {
  document: Object.assign(new EventTarget(), { documentElement: { lang: "en" } }),
  location: new URL("http://127.0.0.1:8080/"),
  localStorage: new Shelf(),
  sessionStorage: new Shelf(),
};
for (const [name, value] of Object.entries(stand)) Object.defineProperty(globalThis, name, { value, configurable: true });

/** What the program answers, by address; a number is an HTTP status without a body. */
export type Answers = Readonly<Record<string, unknown>>;

/** From now on the program answers so; returns the bodies of what it is asked, by address. */
export function answerWith(answers: Answers): Record<string, unknown[]> {
  const asked: Record<string, unknown[]> = {};
  globalThis.fetch = async (address, options) => {
    const path = String(address);
    const answer = answers[path] ?? 404;
    (asked[path] ??= []).push(options?.body === undefined ? null : JSON.parse(String(options.body)));
    return typeof answer === "number" ? new Response(null, { status: answer }) : new Response(JSON.stringify(answer));
  };
  return asked;
}
