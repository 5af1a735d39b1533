// What must be known before the page's parts are made: what the builder wrote, what the person set, and the language.

import { onKey, onKeyNeeded } from "../api/api-key";
import { expectedSession, loadSession, onSession, session, settlePage } from "../api/session";
import { knowsBuild, loadBuildInfo } from "../prefs/build-info";
import { showLanguage } from "../prefs/language";
import { startLook } from "../prefs/look";
import { onSettings, startSettings } from "../prefs/settings";
import { askForKey } from "../view/key-dialog";

/** False: the program is closed, and all that is known is what the browser kept. */
export async function prepare(): Promise<boolean> {
  // The name is told only to those who have the key, so the question for it is in the language known so far.
  onKeyNeeded(async () => {
    startSettings(expectedSession().name);
    await showLanguage();
    return askForKey();
  });
  const answered = await meetProgram();
  settlePage();
  startLook();
  await showLanguage();
  onSettings(() => void showLanguage());
  onKey(() => session() ?? void meetProgram());
  // Started again so fast that nobody saw it closed: perhaps by another build.
  onSession(() => void loadBuildInfo());
  delete document.documentElement.dataset["pending"];
  return answered;
}

/** Asks the program who it is and what the builder wrote. False: nobody answers. */
export async function meetProgram(): Promise<boolean> {
  const [, answered] = await Promise.all([loadBuildInfo(), loadSession()]);
  startSettings(expectedSession().name);
  return answered && knowsBuild();
}
