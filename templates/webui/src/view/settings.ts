// The settings dialog, made from settings-table.json.

import { byId, element, setText } from "../browser/dom";
import { onLanguage } from "../prefs/language";
import { resetSettings, settings } from "../prefs/settings";
import { t } from "../prefs/strings";
import { announce } from "./announcer";
import { dialogById } from "./dialog";
import { SettingRow } from "./setting-row";

export function startSettingsDialog(): void {
  const dialog = dialogById("settings");
  let rows = showRows();
  byId("settings-open", HTMLButtonElement).addEventListener("click", () => {
    for (const row of rows) row.show();
    dialog.showModal();
  });
  byId("settings-reset", HTMLButtonElement).addEventListener("click", () => {
    resetSettings();
    for (const row of rows) row.show();
    announce(t("announce_settings_reset"));
  });
  onLanguage(() => (rows = keepingFocus(showRows)));
}

function showRows(): readonly SettingRow[] {
  const rows = settings.map((setting) => new SettingRow(setting));
  for (const group of ["plain", "advanced"] as const) {
    const members = rows.filter((row) => row.setting.group === group).map((row) => row.root);
    byId(`settings-${group}`, HTMLElement).replaceChildren(...members);
  }
  setText(byId("settings-advanced-title", HTMLElement), t("settings_advanced"));
  return rows;
}

/** The person chose the new language in this dialog, so the focus stays in it. */
function keepingFocus<T>(rebuild: () => T): T {
  const { id } = document.activeElement ?? element("span");
  const result = rebuild();
  if (id.startsWith("setting-")) document.getElementById(id)?.focus();
  return result;
}
