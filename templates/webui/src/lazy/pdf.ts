// Text out of PDF files, with pdf.js in a worker of its own.

import { getDocument, type PDFDocumentProxy, PDFWorker } from "pdfjs-dist/legacy/build/pdf.mjs";

/**
 * The text of all pages, read by the worker `port`; where it is null, the worker's code must have been loaded into the
 * page. Rejects with pdf.js's PasswordException, InvalidPDFException and others.
 *
 * Nothing is drawn, so neither fonts nor pictures of the file are decoded, and no script in it runs.
 */
export async function pdfText(bytes: Uint8Array<ArrayBuffer>, port: Worker | null, cmapsFile: string): Promise<string> {
  const worker = PDFWorker.create({ ...(port && { port }), verbosity: 0 });
  const task = getDocument({
    data: bytes,
    worker,
    BinaryDataFactory: cmapReader(cmapsFile),
    // Wanted, but not used.
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

/** Gives pdf.js the CMaps that a PDF names: all lie in one file of the page, as base64 under their names. */
function cmapReader(cmapsFile: string) {
  return class {
    private all: Promise<Readonly<Record<string, string>>> | null = null;

    async fetch({ kind, filename }: { kind: string; filename: string }): Promise<Uint8Array> {
      // Fonts are asked for too, and not needed where nothing is drawn.
      if (kind !== "cMapUrl") throw new Error(`${filename} is not part of the page`);
      this.all ??= fetch(cmapsFile).then((response) => response.json());
      const encoded = (await this.all)[filename];
      if (encoded === undefined) throw new Error(`${filename} is not part of ${cmapsFile}`);
      return Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    }
  };
}
