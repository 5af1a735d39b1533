// Names that build.mjs puts in: files under the page's address.

declare const PDF_WORKER_FILE: string;
declare const PDF_CMAPS_FILE: string;
