// Which build of the page this is.

/** "?v=" and a hash of the page's files, as page/build.py put it behind the name of this script; "" where there is none. */
export const version = new URL(import.meta.url).search;
