// Parts of the page that few need are fetched from the program when they are needed.

/** What `load` imports, or null where the program cannot be reached; the next call tries again. */
export async function loadLazily<T>(load: () => Promise<T>): Promise<T | null> {
  try {
    return await load();
  } catch {
    return null;
  }
}
