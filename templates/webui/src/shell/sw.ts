// The service worker: people can open the page even while the program restarts. The worker always asks the program
// first and shows its answer. So it never hides what is served at this address later.
//
// Its address ends with the page's version (offline.ts), and so does the name of its cache. Another version is another
// worker, which deletes what the earlier one kept.

export {};

interface WorkerEvent extends Event {
  waitUntil(done: Promise<unknown>): void;
}

interface RequestEvent extends WorkerEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

interface Worker {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: WorkerEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: RequestEvent) => void): void;
}

const worker = self as unknown as Worker;
const version = location.search;
const cachePrefix = `mkexe-page ${worker.registration.scope} `;
const cacheName = cachePrefix + version;
const firstLoad = ["./", ...["early.js", "app.js", "app.css", "favicon.png"].map((name) => name + version), "build.json"];
// Other files of the page, kept after their first use. All but build.json change their address with their content.
const keptLater = /^(build\.json|favicon\.png|(lazy|strings)\/.*)$/;

worker.addEventListener("install", (event) => event.waitUntil(fill().then(() => worker.skipWaiting())));

worker.addEventListener("activate", (event) => event.waitUntil(removeOthers().then(() => worker.clients.claim())));

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = pathOf(request.url);
  if (request.method !== "GET" || path === null) return;
  if (path === "hand-over") event.respondWith(Promise.resolve(handOver()));
  else if (path === "hand-over.js") event.respondWith(kept(`app.js${version}`));
  else if (path === "" || path === "index.html") event.respondWith(answer(event, "./", false));
  else if (keptLater.test(path)) event.respondWith(answer(event, request, true));
  else if (firstLoad.includes(path + new URL(request.url).search)) event.respondWith(answer(event, request, false));
});

/** Fetches the first load from the program, not from the browser's HTTP cache. */
async function fill(): Promise<void> {
  const cache = await caches.open(cacheName);
  await Promise.all(
    firstLoad.map(async (address) => {
      const response = await fetch(address, { cache: "no-cache" });
      if (response.ok) await cache.put(address, response);
      // build.json may be absent. The page needs each of the others.
      else if (address !== "build.json") throw new Error(`${address}: HTTP ${response.status}`);
    }),
  );
}

async function removeOthers(): Promise<void> {
  const names = await caches.keys();
  const others = names.filter((name) => name.startsWith(cachePrefix) && name !== cacheName);
  await Promise.all(others.map((name) => caches.delete(name)));
}

/** The program's answer. Only if it cannot be reached, what was kept under `key`. */
async function answer(event: RequestEvent, key: Request | string, keep: boolean): Promise<Response> {
  try {
    const response = await fetch(event.request);
    if (keep && response.ok) event.waitUntil(store(key, response.clone()));
    return response;
  } catch (unreachable) {
    const cache = await caches.open(cacheName);
    const stored = await cache.match(key);
    if (stored) return stored;
    throw unreachable;
  }
}

/** The frame of hand-over.ts, whatever answers at this address now. Only pages of this host may embed it. */
function handOver(): Response {
  const { protocol, hostname } = new URL(worker.registration.scope);
  const policy = `default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors ${protocol}//${hostname}:*`;
  const page = `<!doctype html><html data-frame="hand-over"><script type="module" src="hand-over.js${version}"></script></html>`;
  return new Response(page, {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy,
      "Cross-Origin-Embedder-Policy": "require-corp",
      "Cross-Origin-Resource-Policy": "cross-origin",
    },
  });
}

async function kept(address: string): Promise<Response> {
  return (await (await caches.open(cacheName)).match(address)) ?? Response.error();
}

async function store(key: Request | string, response: Response): Promise<void> {
  try {
    await (await caches.open(cacheName)).put(key, response);
  } catch {
    // The browser's storage is full. The answer is returned nevertheless.
  }
}

/** The path below the page's own address, without the query; null if it is outside. */
function pathOf(address: string): string | null {
  const { origin, pathname } = new URL(address);
  const scope = new URL(worker.registration.scope);
  if (origin !== scope.origin || !pathname.startsWith(scope.pathname)) return null;
  return pathname.slice(scope.pathname.length);
}
