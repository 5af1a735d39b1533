// The text of a PDF. The reader is large, so it is fetched with the first PDF.

import { loadLazily } from "../browser/load-lazily";
import { workerAddress } from "../browser/trusted";
import { Refusal } from "./refusal";

/** The text, with empty lines between pages; "" if there is none, as in a scan. */
export async function readPdf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const reader = await loadLazily(() => import("../text/lazy/pdf"));
  if (!reader) throw new Refusal("pdf_reader_missing");
  const worker = await startWorker();
  if (!worker && !(await loadIntoPage())) throw new Refusal("pdf_reader_missing");
  try {
    return await reader.pdfText(bytes, worker, PDF_CMAPS_FILE);
  } catch (error) {
    throw new Refusal(error instanceof Error && error.name === "PasswordException" ? "pdf_locked" : "pdf_broken");
  } finally {
    worker?.terminate();
  }
}

/**
 * Null if the browser starts no worker. The page has an embedder policy, so the worker's file must be sent with one
 * too.
 */
function startWorker(): Promise<Worker | null> {
  const worker = new Worker(workerAddress(PDF_WORKER_FILE));
  return new Promise((resolve) => {
    worker.addEventListener("message", () => resolve(worker), { once: true });
    worker.addEventListener("error", () => resolve(null), { once: true });
  });
}

/** The page can read the file itself, but does not respond meanwhile. */
async function loadIntoPage(): Promise<boolean> {
  return (await loadLazily(() => import(workerAddress(PDF_WORKER_FILE)))) !== null;
}
