// Groups the list of chats: pinned ones first, then by the day or month of the last message.

import type { ChatEntry } from "../chats/chat-store";
import { t } from "../prefs/strings";

export interface ChatGroup {
  /** "" if the chats have no time. */
  readonly title: string;
  readonly entries: readonly ChatEntry[];
}

const msPerDay = 86_400_000;

/** The groups that are not empty. Inside a group, the order of `entries` stays: newest first. */
export function groupChats(entries: readonly ChatEntry[], now: Date): ChatGroup[] {
  const groups = new Map<string, ChatEntry[]>();
  const pinned = entries.filter((entry) => entry.pinned);
  if (pinned.length > 0) groups.set(t("chats_pinned"), pinned);
  for (const entry of entries) {
    if (entry.pinned) continue;
    const title = titleOf(new Date(entry.updated), now);
    const group = groups.get(title);
    if (group) group.push(entry);
    else groups.set(title, [entry]);
  }
  return [...groups].map(([title, members]) => ({ title, entries: members }));
}

/** "Today", "Yesterday", or "March 2026", in the page's language. */
function titleOf(date: Date, now: Date): string {
  if (Number.isNaN(date.valueOf())) return "";
  const language = document.documentElement.lang;
  const days = Math.round((midnight(date) - midnight(now)) / msPerDay);
  const title =
    days >= -1 && days <= 0
      ? new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day")
      : new Intl.DateTimeFormat(language, { month: "long", year: "numeric" }).format(date);
  return title.charAt(0).toLocaleUpperCase(language) + title.slice(1);
}

/** Midnight in the person's time zone. Rounding handles days of 23 and 25 hours. */
function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).valueOf();
}
