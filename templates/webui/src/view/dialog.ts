// What all dialogs have in common.

import { byId } from "../browser/dom";

/** The dialog `id`. The button `id`-close closes it, and so does a click outside it. */
export function dialogById(id: string): HTMLDialogElement {
  const dialog = byId(id, HTMLDialogElement);
  byId(`${id}-close`, HTMLButtonElement).addEventListener("click", () => dialog.close());
  // The dialog's padding is inside a child. So a click on the dialog itself is a click outside its content.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}
