// What the builder wrote for this artifact: build.json beside index.html, a name that the server never lets a browser keep.

export interface PageSettings {
  readonly title: string;
  readonly system_prompt: string;
  readonly model_name: string;
}

const defaults: PageSettings = { title: "", system_prompt: "", model_name: "" };

/** The settings of this artifact; what is absent or unreadable is empty. */
export async function loadSettings(): Promise<PageSettings> {
  try {
    const response = await fetch("build.json");
    if (!response.ok) return defaults;
    return fromJson(await response.json());
  } catch {
    return defaults;
  }
}

function fromJson(value: unknown): PageSettings {
  const record = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const text = (key: keyof PageSettings): string => (typeof record[key] === "string" ? record[key] : defaults[key]);
  return { title: text("title"), system_prompt: text("system_prompt"), model_name: text("model_name") };
}
