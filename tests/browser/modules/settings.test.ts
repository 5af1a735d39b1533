import "./stand-ins";
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadBuildInfo } from "../src/prefs/build-info";
import {
  choose, isLocked, onSettings, presetOf, requestSettings, resetSettings, setting, settings, startSettings, systemPrompt,
} from "../src/prefs/settings";
import { answerWith } from "./stand-ins";

/** The page of the program `name`, for which the builder wrote `build`. */
async function start(name: string, build: object): Promise<void> {
  answerWith({ "build.json": build });
  await loadBuildInfo();
  startSettings(name);
  resetSettings();
}

test("a request has nothing of settings that were left as they are", async () => {
  await start("plain", {});
  assert.deepEqual(requestSettings(), {});
});

test("what the person chose is in the request, deep members below their names", async () => {
  await start("chosen", {});
  assert(choose("temperature", 0.2));
  assert(choose("thinking", false));
  assert(choose("font_size", "large"));
  assert.deepEqual(requestSettings(), { temperature: 0.2, chat_template_kwargs: { enable_thinking: false } });
});

test("the builder's preset holds until the person chooses, and after a reset", async () => {
  await start("preset", { settings: { top_k: { value: 20 } } });
  assert.deepEqual([setting("top_k"), presetOf("top_k")], [20, 20]);
  choose("top_k", 5);
  assert.equal(setting("top_k"), 5);
  resetSettings();
  assert.deepEqual(requestSettings(), { top_k: 20 });
});

test("a locked setting cannot be changed, also not by what the browser kept", async () => {
  await start("locked", {});
  choose("seed", 7);
  await start("other", { settings: { seed: { value: 1, locked: true } } });
  localStorage.setItem("mkexe.settings.locked", '{"seed": 7}');
  startSettings("locked");
  assert.equal(isLocked("seed"), true);
  assert.equal(choose("seed", 9), false);
  assert.equal(setting("seed"), 1);
});

test("values that the table does not allow are refused, and ignored in build.json and in the browser", async () => {
  await start("range", { settings: { temperature: { value: 3 }, font_size: { value: "huge" } } });
  assert.equal(setting("temperature"), null);
  assert.equal(setting("font_size"), "medium");
  for (const value of [2.01, -0.1, NaN, Infinity, "1", true]) assert.equal(choose("temperature", value), false, String(value));
  assert.equal(choose("top_k", 1.5), false);
  assert.equal(choose("font_size", null), false);
  assert.equal(choose("temperature", 2), true);
  localStorage.setItem("mkexe.settings.kept", '{"temperature": "hot", "top_k": 3, "unknown": 1}');
  startSettings("kept");
  assert.deepEqual([setting("temperature"), setting("top_k")], [null, 3]);
});

test("every program has its own choices, and those made before its name was known come along", async () => {
  await start("one", {});
  choose("top_k", 11);
  startSettings("");
  choose("top_p", 0.5);
  startSettings("two");
  assert.deepEqual([setting("top_k"), setting("top_p")], [null, 0.5]);
  startSettings("one");
  assert.deepEqual([setting("top_k"), setting("top_p")], [11, null]);
});

test("choosing the preset keeps nothing", async () => {
  await start("same", { settings: { top_k: { value: 20 } } });
  choose("top_k", 5);
  assert.notEqual(localStorage.getItem("mkexe.settings.same"), null);
  choose("top_k", 20);
  assert.equal(localStorage.getItem("mkexe.settings.same"), null);
});

test("the builder's instructions and language are presets", async () => {
  await start("texts", { system_prompt: " Be kind. ", language: "de" });
  assert.equal(systemPrompt(), "Be kind.");
  assert.equal(setting("language"), "de");
  await start("texts", { language: "xx" });
  assert.equal(setting("language"), null);
});

test("listeners hear of every change", async () => {
  await start("heard", {});
  let count = 0;
  onSettings(() => count++);
  choose("top_k", 1);
  choose("top_k", 1000);
  resetSettings();
  assert.equal(count, 2);
});

test("the default of every setting is a value that the table allows", async () => {
  await start("defaults", {});
  for (const { name, default: value } of settings) assert(choose(name, value), name);
});
