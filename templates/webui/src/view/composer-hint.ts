// The line that says which key sends.

import { byId, setText } from "../dom";
import { onLanguage } from "../language";
import { onSettings, setting } from "../settings";
import { t } from "../strings";

export function startComposerHint(): void {
  show();
  onSettings(show);
  onLanguage(show);
}

function show(): void {
  setText(byId("composer-hint", HTMLElement), t(setting("enter_sends") === false ? "composer_hint_ctrl" : "composer_hint"));
}
