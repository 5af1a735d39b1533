// What the page must know before it makes its parts: what the builder wrote, what the person set, and the language.

import { onKey, onKeyNeeded } from "../api/api-key";
import { expectedSession, loadSession, onSession, session, settlePage } from "../api/session";
import { knowsBuild, loadBuildInfo } from "../prefs/build-info";
import { showLanguage } from "../prefs/language";
import { startLook } from "../prefs/look";
import { onSettings, startSettings } from "../prefs/settings";
import { askForKey } from "../view/key-dialog";

/** Returns false if the program is closed. Then the page knows only what the browser kept. */
export async function prepare(): Promise<boolean> {
  // Only those who have the key learn the name. So the question for the key is in the language known so far.
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
  // The program restarted so fast that nobody saw it closed. It may be another build.
  onSession(() => void loadBuildInfo());
  delete document.documentElement.dataset["pending"];
  return answered;
}

/** Asks the program for its name and for what the builder wrote. Returns false if nobody answers. */
export async function meetProgram(): Promise<boolean> {
  const [, answered] = await Promise.all([loadBuildInfo(), loadSession()]);
  startSettings(expectedSession().name);
  return answered && knowsBuild();
}
