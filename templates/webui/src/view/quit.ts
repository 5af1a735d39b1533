// The button that ends the program, after a confirmation.

import { onSession, quitProgram, session } from "../api/session";
import { byId } from "../browser/dom";
import { dialogById } from "./dialog";

/**
 * Calls `onQuit` after the program has agreed to end. While the program is closed, the style sheet hides the button.
 */
export function startQuit(onQuit: () => void): void {
  const open = byId("quit-open", HTMLButtonElement);
  const show = (): void => {
    open.hidden = session()?.canQuit !== true;
  };
  onSession(show);
  show();
  const dialog = dialogById("quit");
  open.addEventListener("click", () => dialog.showModal());
  byId("quit-confirm", HTMLButtonElement).addEventListener("click", async () => {
    dialog.close();
    if (await quitProgram()) onQuit();
  });
}
