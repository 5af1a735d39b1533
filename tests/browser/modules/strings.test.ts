import "./stand-ins";
import assert from "node:assert/strict";
import { test } from "node:test";
import { englishTable, formatNumber, type StringKey, t, useTable } from "../src/prefs/strings";
import { formatSize } from "../src/text/sizes";

function inLanguage(lang: string, run: () => void): void {
  document.documentElement.lang = lang;
  run();
  document.documentElement.lang = "en";
}

test("placeholders are filled, and one without a value stays", () => {
  assert.equal(t("context_used", { used: 1, room: "2" }), englishTable.context_used.replace("{used}", "1").replace("{room}", "2"));
  assert.equal(t("chats_found", {}), englishTable.chats_found);
});

test("a value may look like a placeholder or a pattern", () => {
  assert.equal(t("image", { text: "{text} $& $1" }), englishTable.image.replace("{text}", () => "{text} $& $1"));
});

test("another table takes the place of the English one", () => {
  useTable({ ...englishTable, send: "Senden" });
  assert.equal(t("send"), "Senden");
  useTable(englishTable);
  assert.equal(t("send"), englishTable.send);
});

test("counts come after their nouns, so that no language needs a plural form", () => {
  const counting: StringKey[] = ["chats_found", "import_done"];
  for (const key of counting) assert.match(t(key, { count: 1 }), /: 1$/);
});

test("numbers follow the page's language", () => {
  assert.equal(formatNumber(1234.5, 1), "1,234.5");
  inLanguage("de", () => assert.equal(formatNumber(1234.5, 1), "1.234,5"));
});

test("sizes have three digits at most, and never a thousand of a unit", () => {
  const sizes = { 0: "0 bytes", 999: "999 bytes", 1000: "1.0 KB", 9_949: "9.9 KB", 9_950: "10 KB", 999_499: "999 KB" };
  const larger = { 999_500: "1.0 MB", 99_499_999: "99.5 MB", 99_500_000: "100 MB", 999_499_999: "999 MB", 999_500_000: "1.0 GB" };
  for (const [bytes, expected] of Object.entries({ ...sizes, ...larger })) assert.equal(formatSize(Number(bytes)), expected, bytes);
});
