// build.mjs replaces these names with addresses of files, relative to the page.

declare const PDF_WORKER_FILE: string;
declare const PDF_CMAPS_FILE: string;
