// The note above the message field that says that chats are not being saved, and why.

import { byId, setText } from "../browser/dom";
import { t } from "../prefs/strings";

/** Returns what shows the note: `detail` is the program's sentence, "" where it does not answer; null hides it. */
export function startUnsavedNote(saveNow: () => void): (detail: string | null) => void {
  const note = byId("unsaved", HTMLElement);
  const text = byId("unsaved-text", HTMLElement);
  byId("unsaved-retry", HTMLButtonElement).addEventListener("click", saveNow);
  return (detail) => {
    // Where the program is closed the page says so; what is unsaved is written when it is back.
    note.hidden = detail === null || detail === "";
    if (detail) setText(text, t("unsaved", { detail }));
  };
}
