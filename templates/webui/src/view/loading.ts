// The progress of loading: a bar, the bytes, and the remaining time. The page asks while it waits for the model.

import type { Connection } from "../api/connection";
import { type LoadingProgress, readProgress } from "../api/session";
import { byId, setText } from "../browser/dom";
import { formatNumber, t } from "../prefs/strings";
import { formatSize } from "../text/sizes";

const pollMs = 250;
/** A shorter time would end before the person has read it. */
const shortestSeconds = 2;

export function startLoadingView(connection: Connection): void {
  let asking = false;
  const ask = async (): Promise<void> => {
    if (asking || connection.state !== "loading") return;
    asking = true;
    while (connection.state === "loading") {
      show(await readProgress());
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    asking = false;
    show(null);
  };
  connection.onChange(() => void ask());
  void ask();
}

function show(progress: LoadingProgress | null): void {
  const bar = byId("loading-bar", HTMLElement);
  const known = progress !== null && progress.fraction > 0;
  bar.classList.toggle("known", known);
  if (known) bar.setAttribute("aria-valuenow", String(Math.round(progress.fraction * 100)));
  else bar.removeAttribute("aria-valuenow");
  bar.style.setProperty("--done", `${known ? progress.fraction * 100 : 0}%`);
  setText(byId("loading-text", HTMLElement), known ? textOf(progress) : "");
}

function textOf({ bytesDone, bytesTotal, secondsLeft }: LoadingProgress): string {
  const bytes = t("loading_bytes", { done: formatSize(bytesDone), total: formatSize(bytesTotal) });
  if (secondsLeft === null || secondsLeft < shortestSeconds) return bytes;
  const minutes = secondsLeft / 60;
  const left =
    minutes < 1.5
      ? t("loading_seconds_left", { seconds: formatNumber(secondsLeft, 0) })
      : t("loading_minutes_left", { minutes: formatNumber(minutes, 0) });
  return `${bytes} · ${left}`;
}
