// The line that says which key sends the message.

import { byId, setText } from "../browser/dom";
import { onLanguage } from "../prefs/language";
import { onSettings, setting } from "../prefs/settings";
import { t } from "../prefs/strings";

export function startComposerHint(): void {
  show();
  onSettings(show);
  onLanguage(show);
}

function show(): void {
  setText(byId("composer-hint", HTMLElement), t(setting("enter_sends") === false ? "composer_hint_ctrl" : "composer_hint"));
}
