// What the builder wrote for this artifact: build.json beside index.html. The server never lets browsers keep that
// file. People edit it, so every member is checked. A wrong member counts as absent.

export interface Preset {
  readonly value: unknown;
  /** True if the person at the page cannot change it. */
  readonly locked: boolean;
}

export interface BuildInfo {
  readonly title: string;
  readonly model_name: string;
  /** The instructions for the model. */
  readonly system_prompt: string;
  /** "#rrggbb", or "" for the page's default. */
  readonly accent: string;
  /** Replaces the page's own greeting above an empty chat. */
  readonly greeting: string;
  /** Sample questions. A click puts one into the message field. */
  readonly questions: readonly string[];
  readonly footer: string;
  readonly about: string;
  /** False if the page shows links in answers as text. */
  readonly links: boolean;
  /** The page's language; "" means the browser's. */
  readonly language: string;
  /** The name of the icon's file, with its `?v=…`. */
  readonly icon: string;
  /** Presets and locks, by the names in settings-table.json. */
  readonly settings: Readonly<Record<string, Preset>>;
}

const maxQuestions = 8;
const timeoutMs = 5000;

let current = fromJson({});
let read = "";

/** What the builder wrote, as far as it was valid. */
export function buildInfo(): BuildInfo {
  return current;
}

/** Whether the page has read build.json. False means that `buildInfo` has only defaults. */
export function knowsBuild(): boolean {
  return read !== "";
}

/** Calls `listener` now, and whenever another build answers. */
export function withBuildInfo(listener: (info: BuildInfo) => void): void {
  document.addEventListener("mkexe:build", () => listener(current));
  listener(current);
}

/** Reads build.json. If that fails, the earlier content stays. */
export async function loadBuildInfo(): Promise<void> {
  const found = await fetchBuild();
  if (found === null || found === read) return;
  read = found;
  current = fromJson(parse(found));
  document.dispatchEvent(new Event("mkexe:build"));
}

/** Null if nobody answers. */
async function fetchBuild(): Promise<string | null> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  try {
    const response = await fetch("build.json", { signal: abort.signal });
    return response.ok ? await response.text() : "{}";
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function fromJson(value: unknown): BuildInfo {
  const found = asRecord(value);
  const text = (name: string): string => asText(found[name]);
  const list = Array.isArray(found["questions"]) ? found["questions"] : [];
  return {
    title: text("title"),
    model_name: text("model_name"),
    system_prompt: text("system_prompt"),
    accent: /^#[0-9a-f]{6}$/i.test(text("accent")) ? text("accent") : "",
    greeting: text("greeting"),
    questions: list.map(asText).filter(Boolean).slice(0, maxQuestions),
    footer: text("footer"),
    about: text("about"),
    links: found["links"] !== false,
    language: text("language"),
    icon: /^favicon\.png(\?v=\w+)?$/.test(text("icon")) ? text("icon") : "",
    settings: presets(asRecord(found["settings"])),
  };
}

function presets(found: Record<string, unknown>): Record<string, Preset> {
  const entries = Object.entries(found).map(([name, entry]): [string, Preset] => {
    const { value, locked } = asRecord(entry);
    return [name, { value, locked: locked === true }];
  });
  return Object.fromEntries(entries);
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function asText(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}
