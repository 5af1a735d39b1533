// Addresses of scripts that the page may start as workers. Trusted Types allows no other script as a worker.

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): {
    createScriptURL(address: string): string;
  };
}

const allowed = ["sw.js", PDF_WORKER_FILE].map((file) => new URL(file, document.baseURI).pathname);
const rules = { createScriptURL: checked };
const policy = (window as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("mkexe", rules) ?? rules;

/**
 * Turns `address`, relative to the page, into what Worker and serviceWorker.register accept. It refuses files of other
 * pages.
 */
export function workerAddress(address: string): string {
  return policy.createScriptURL(address);
}

function checked(address: string): string {
  const url = new URL(address, document.baseURI);
  if (url.origin === location.origin && allowed.includes(url.pathname)) return url.href;
  throw new TypeError(`${url.href} is no worker of this page; expected one of ${allowed.join(", ")}`);
}
