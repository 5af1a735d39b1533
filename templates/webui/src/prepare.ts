// What must be known before the page's parts are made: what the builder wrote, what the person set, and the language.

import { onKeyNeeded } from "./api-key";
import { type BuildInfo, loadBuildInfo } from "./build-info";
import { showLanguage } from "./language";
import { startLook } from "./look";
import { loadSessionName } from "./session";
import { onSettings, startSettings } from "./settings";
import { askForKey } from "./view/key-dialog";

export async function prepare(): Promise<BuildInfo> {
  const info = await loadBuildInfo();
  // The name is told only to those who have the key, so the question for it is in the language known so far.
  startSettings(info, "");
  onKeyNeeded(async () => {
    await showLanguage();
    return askForKey();
  });
  startSettings(info, await loadSessionName());
  startLook(info);
  await showLanguage();
  onSettings(() => void showLanguage());
  delete document.documentElement.dataset["pending"];
  return info;
}
