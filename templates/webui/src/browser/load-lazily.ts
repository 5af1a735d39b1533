// Some parts of the page are fetched from the program only when they are needed.

/** What `load` imports. Null if the program cannot be reached; the next call tries again. */
export async function loadLazily<T>(load: () => Promise<T>): Promise<T | null> {
  try {
    return await load();
  } catch {
    return null;
  }
}
