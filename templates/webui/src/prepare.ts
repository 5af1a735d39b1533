// What must be known before the page's parts are made: what the builder wrote, what the person set, and the language.

import { onKeyNeeded } from "./api-key";
import { type BuildInfo, loadBuildInfo } from "./build-info";
import { showLanguage } from "./language";
import { startLook } from "./look";
import { type Session, loadSession } from "./session";
import { onSettings, startSettings } from "./settings";
import { askForKey } from "./view/key-dialog";

export interface Prepared {
  readonly info: BuildInfo;
  readonly session: Session;
}

export async function prepare(): Promise<Prepared> {
  const written = loadBuildInfo();
  // The name is told only to those who have the key, so the question for it is in the language known so far.
  onKeyNeeded(async () => {
    startSettings(await written, "");
    await showLanguage();
    return askForKey();
  });
  const [info, session] = await Promise.all([written, loadSession()]);
  startSettings(info, session.name);
  startLook(info);
  await showLanguage();
  onSettings(() => void showLanguage());
  delete document.documentElement.dataset["pending"];
  return { info, session };
}
