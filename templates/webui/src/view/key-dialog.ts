// Asks for the key of a program that was started with a key.

import { byId } from "../browser/dom";
import { dialogById } from "./dialog";

let dialog: HTMLDialogElement | null = null;

/** What the person typed; null if they closed the dialog. */
export function askForKey(): Promise<string | null> {
  const field = byId("key-field", HTMLInputElement);
  const form = byId("key-form", HTMLFormElement);
  const shown = (dialog ??= dialogById("key"));
  field.value = "";
  shown.showModal();
  return new Promise((resolve) => {
    const ended = new AbortController();
    const finish = (key: string | null): void => {
      ended.abort();
      shown.close();
      resolve(key);
    };
    form.addEventListener(
      "submit",
      (event) => {
        event.preventDefault();
        finish(field.value.trim() || null);
      },
      { signal: ended.signal },
    );
    // The event of an earlier question may come only now.
    shown.addEventListener("close", () => shown.open || finish(null), { signal: ended.signal });
  });
}
