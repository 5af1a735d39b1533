// Small values kept in the browser. Private windows and strict settings may forbid it: then nothing is kept.

export function load(area: "local" | "session", key: string): string | null {
  try {
    return storageOf(area).getItem(key);
  } catch {
    return null;
  }
}

/** Keeps `value`, or forgets what was kept when it is null or empty. */
export function save(area: "local" | "session", key: string, value: string | null): void {
  try {
    if (value) storageOf(area).setItem(key, value);
    else storageOf(area).removeItem(key);
  } catch {
    // Not kept: the page works without.
  }
}

function storageOf(area: "local" | "session"): Storage {
  return area === "local" ? localStorage : sessionStorage;
}
