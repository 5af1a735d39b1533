// The note above the message field: chats cannot be saved, and why.

import { byId, setText } from "../browser/dom";
import { t } from "../prefs/strings";

/**
 * Returns a function that shows the note. `detail` is the program's sentence, or "" if it does not answer; null hides
 * the note.
 */
export function startUnsavedNote(saveNow: () => void): (detail: string | null) => void {
  const note = byId("unsaved", HTMLElement);
  const text = byId("unsaved-text", HTMLElement);
  byId("unsaved-retry", HTMLButtonElement).addEventListener("click", saveNow);
  return (detail) => {
    // If the program is closed, the page says so elsewhere. The chat is written when the program is back.
    note.hidden = detail === null || detail === "";
    if (detail) setText(text, t("unsaved", { detail }));
  };
}
