// Small values in the browser's storage. Private windows and strict settings may forbid storage; then nothing is kept.

export function load(area: "local" | "session", key: string): string | null {
  try {
    return storageOf(area).getItem(key);
  } catch {
    return null;
  }
}

/** Keeps `value`. Null or "" deletes what was kept. */
export function save(area: "local" | "session", key: string, value: string | null): void {
  try {
    if (value) storageOf(area).setItem(key, value);
    else storageOf(area).removeItem(key);
  } catch {
    // Nothing is kept. The page works without it.
  }
}

function storageOf(area: "local" | "session"): Storage {
  return area === "local" ? localStorage : sessionStorage;
}
