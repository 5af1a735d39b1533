// Records in the browser's storage for this address (IndexedDB). Private windows may forbid storage; then nothing is
// kept, and the functions say so.

const databaseName = "mkexe";
const version = 1;

export type Shelf = "waiting" | "drafts";

let opened: Promise<IDBDatabase | null> | null = null;

/** Keeps `value` under `key`. Returns false if the browser refuses. */
export async function keepRecord(shelf: Shelf, key: string, value: unknown): Promise<boolean> {
  return (await change(shelf, (store) => store.put(value, key))) !== null;
}

/** Keeps `value` if `mayReplace` accepts replacing `present`, the current record. Both happen in one transaction. */
export async function replaceRecord(
  shelf: Shelf,
  key: string,
  value: unknown,
  mayReplace: (present: unknown) => boolean,
): Promise<{ kept: boolean; present: unknown }> {
  let agreed = false;
  const asked = await request(shelf, "readwrite", (store) => {
    const reading = store.get(key);
    reading.onsuccess = () => {
      agreed = mayReplace(reading.result);
      if (agreed) store.put(value, key);
    };
    return reading;
  }, false);
  return { kept: agreed && asked !== null, present: agreed ? undefined : asked?.result };
}

export async function forgetRecord(shelf: Shelf, key: string): Promise<void> {
  await change(shelf, (store) => store.delete(key));
}

/** Whether the browser allows storage at all. */
export async function keepsRecords(): Promise<boolean> {
  return (await (opened ??= open())) !== null;
}

/** Undefined if there is no such record. */
export async function readRecord(shelf: Shelf, key: string): Promise<unknown> {
  return (await request(shelf, "readonly", (store) => store.get(key)))?.result;
}

/** All records with their keys. */
export async function readRecords(shelf: Shelf): Promise<(readonly [string, unknown])[]> {
  const [keys, values] = await Promise.all([
    request(shelf, "readonly", (store) => store.getAllKeys()),
    request(shelf, "readonly", (store) => store.getAll()),
  ]);
  const found = values?.result ?? [];
  return (keys?.result ?? []).length === found.length ? found.map((value, at) => [String(keys?.result[at]), value] as const) : [];
}

function change<T>(shelf: Shelf, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<IDBRequest<T> | null> {
  return request(shelf, "readwrite", ask);
}

/**
 * The request, after its transaction is complete; null if the transaction failed. `atOnce`: no other request follows in
 * this transaction.
 */
async function request<T>(
  shelf: Shelf,
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<T>,
  atOnce = true,
): Promise<IDBRequest<T> | null> {
  const database = await (opened ??= open());
  if (!database) return null;
  return new Promise((resolve) => {
    try {
      const transaction = database.transaction(shelf, mode);
      const asked = ask(transaction.objectStore(shelf));
      transaction.oncomplete = () => resolve(asked);
      transaction.onabort = transaction.onerror = () => resolve(null);
      // Committed at once, so that it also happens if the page closes now.
      if (atOnce) transaction.commit();
    } catch {
      resolve(null);
    }
  });
}

function open(): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    try {
      const opening = indexedDB.open(databaseName, version);
      opening.onupgradeneeded = () => {
        for (const shelf of ["waiting", "drafts"] satisfies Shelf[]) opening.result.createObjectStore(shelf);
      };
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = opening.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}
