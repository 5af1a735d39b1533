// What all dialogs have in common.

import { byId } from "../browser/dom";

/** The dialog `id`, which its button `id`-close and a click beside it close. */
export function dialogById(id: string): HTMLDialogElement {
  const dialog = byId(id, HTMLDialogElement);
  byId(`${id}-close`, HTMLButtonElement).addEventListener("click", () => dialog.close());
  // The dialog's padding is inside a child, so a click that meets the dialog itself is one beside it.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}
