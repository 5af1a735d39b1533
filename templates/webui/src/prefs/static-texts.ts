// The texts in index.html. It is rendered in English, so that there is something to see before a script runs. This
// module finds each text's key by comparing it with the English table, so the template needs no second set of names. A
// unit test checks that no two keys in the template have the same English text but different translations.

import { englishTable, type StringKey, t } from "./strings";

interface Place {
  readonly key: StringKey;
  shown: string;
  read(): string | null;
  write(text: string): void;
}

const attributes = ["aria-label", "title", "placeholder"];
const keys = new Map(Object.entries(englishTable).map(([key, text]) => [text, key as StringKey]));
let places: Place[] | null = null;

/** Inserts the texts of the current language. A text that a view has changed meanwhile belongs to that view. */
export function translateStaticTexts(): void {
  places ??= findPlaces();
  for (const place of places) {
    if (place.read() !== place.shown) continue;
    place.shown = t(place.key);
    place.write(place.shown);
  }
}

function findPlaces(): Place[] {
  const found: Place[] = [];
  for (const element of document.body.querySelectorAll("*")) {
    for (const name of attributes) {
      addPlace(found, () => element.getAttribute(name), (text) => element.setAttribute(name, text));
    }
    for (const node of element.childNodes) {
      if (node instanceof Text) addPlace(found, () => node.data.trim(), (text) => (node.data = text));
    }
  }
  return found;
}

function addPlace(found: Place[], read: Place["read"], write: Place["write"]): void {
  const shown = read() ?? "";
  const key = keys.get(shown);
  if (key) found.push({ key, shown, read, write });
}
