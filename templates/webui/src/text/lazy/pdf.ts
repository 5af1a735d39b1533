// Extracts text from PDF files, with pdf.js in its own worker.

import { getDocument, type PDFDocumentProxy, PDFWorker } from "pdfjs-dist/legacy/build/pdf.mjs";

/**
 * The text of all pages, read by the worker `port`. If `port` is null, the page must have loaded the worker's code.
 * Rejects with pdf.js's PasswordException, InvalidPDFException and others.
 *
 * Nothing is drawn. So no fonts or pictures of the file are decoded, and no script in it runs.
 */
export async function pdfText(bytes: Uint8Array<ArrayBuffer>, port: Worker | null, cmapsFile: string): Promise<string> {
  const worker = PDFWorker.create({ ...(port && { port }), verbosity: 0 });
  const task = getDocument({
    data: bytes,
    worker,
    BinaryDataFactory: cmapReader(cmapsFile),
    // Required, but not used.
    cMapUrl: "./",
    disableFontFace: true,
    useSystemFonts: false,
    verbosity: 0,
  });
  try {
    return await textOf(await task.promise);
  } finally {
    await task.destroy();
    worker.destroy();
  }
}

async function textOf(document: PDFDocumentProxy): Promise<string> {
  const pages: string[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    pages.push(items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join("").trim());
    page.cleanup();
  }
  return pages.filter((page) => page !== "").join("\n\n");
}

/** Gives pdf.js the CMaps that a PDF names. All are in one file of the page, which build.mjs describes. */
function cmapReader(cmapsFile: string) {
  return class {
    private all: Promise<ReadonlyMap<string, Uint8Array>> | null = null;

    async fetch({ kind, filename }: { kind: string; filename: string }): Promise<Uint8Array> {
      // pdf.js asks for fonts too. It does not need them where nothing is drawn.
      if (kind !== "cMapUrl") throw new Error(`${filename} is not part of the page`);
      this.all ??= fetchCMaps(cmapsFile);
      const cmap = (await this.all).get(filename);
      if (!cmap) throw new Error(`${filename} is not part of ${cmapsFile}`);
      // A copy, because the worker takes the bytes away from the page.
      return cmap.slice();
    }
  };
}

async function fetchCMaps(file: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const response = await fetch(file);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const start = bytes.indexOf("\n".charCodeAt(0)) + 1;
  const index = JSON.parse(new TextDecoder().decode(bytes.subarray(0, start))) as Record<string, [number, number][]>;
  return new Map(Object.entries(index).map(([name, pieces]) => [name, joined(bytes.subarray(start), pieces)]));
}

/** Joins the pieces of `bytes` at these offsets and of these sizes. */
function joined(bytes: Uint8Array, pieces: readonly (readonly [number, number])[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, [, size]) => sum + size, 0));
  let end = 0;
  for (const [offset, size] of pieces) {
    whole.set(bytes.subarray(offset, offset + size), end);
    end += size;
  }
  return whole;
}
