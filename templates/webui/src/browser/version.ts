// Which build of the page this is.

/** The query behind the name of this script: "?v=" and a hash of the page's files. "" if there is none. */
export const version = new URL(import.meta.url).search;
