// The button that ends the program, after a question.

import { byId } from "../dom";
import { quitProgram } from "../session";
import { dialogById } from "./dialog";

/** `onQuit` is called when the program has agreed to end. */
export function startQuit(canQuit: boolean, onQuit: () => void): void {
  const open = byId("quit-open", HTMLButtonElement);
  open.hidden = !canQuit;
  const dialog = dialogById("quit");
  open.addEventListener("click", () => dialog.showModal());
  byId("quit-confirm", HTMLButtonElement).addEventListener("click", async () => {
    dialog.close();
    if (await quitProgram()) onQuit();
  });
}
