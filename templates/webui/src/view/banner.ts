// The line above a conversation: the program is loading or closed.

import type { ConnectionState } from "../api/connection";
import { byId, setText } from "../browser/dom";
import { t } from "../prefs/strings";

export function showBanner(state: ConnectionState, conversationIsEmpty: boolean): void {
  const banner = byId("banner", HTMLElement);
  banner.hidden = state === "ready" || conversationIsEmpty;
  if (state === "loading") setText(banner, t("loading_title"));
  if (state === "closed") setText(banner, `${t("closed_title")}. ${t("closed_text")}`);
}
