// The page's look in addition to its style sheet: what the person set, and the builder's accent colour and icon.

import { buildInfo, withBuildInfo } from "./build-info";
import { type Colour, formatColour, mix, parseColour, readableOn } from "./colour";
import { onSettings, setting } from "./settings";
import { currentTheme, onTheme, setTheme, type Theme } from "./theme";

const black: Colour = [0, 0, 0];
const white: Colour = [255, 255, 255];

interface Grounds {
  /** The background on which accent-coloured text is hardest to read (styles/colours.css). */
  readonly ground: Colour;
  readonly surface: Colour;
  /** The colour to which the accent moves to be readable. */
  readonly end: Colour;
  readonly onAccent: string;
}

const grounds: Readonly<Record<Theme, Grounds>> = {
  light: { ground: parseColour("#f3f1ec"), surface: white, end: black, onAccent: "#ffffff" },
  dark: { ground: parseColour("#232322"), surface: parseColour("#232322"), end: white, onAccent: "#141413" },
};

export function startLook(): void {
  onSettings(showSettings);
  showSettings();
  onTheme(showAccent);
  withBuildInfo(({ icon }) => {
    showSettings();
    showAccent(currentTheme());
    if (icon) showIcon(icon);
  });
}

function showSettings(): void {
  const root = document.documentElement;
  const theme = setting("theme");
  setTheme(theme === "light" || theme === "dark" ? theme : null);
  root.dataset["fontSize"] = String(setting("font_size"));
  root.dataset["speed"] = setting("show_speed") === true ? "shown" : "hidden";
}

/** The builder chose the colour. Its lightness follows from the page's backgrounds. */
function showAccent(theme: Theme): void {
  const { accent: wanted } = buildInfo();
  if (wanted) setAccent(parseColour(wanted), theme);
}

function setAccent(wanted: Colour, theme: Theme): void {
  const { ground, surface, end, onAccent } = grounds[theme];
  const accent = readableOn(ground, wanted, end);
  const colours = {
    "--accent": formatColour(accent),
    "--accent-strong": formatColour(mix(accent, end, 0.2)),
    "--on-accent": onAccent,
    "--bubble": formatColour(mix(surface, accent, theme === "light" ? 0.12 : 0.2)),
    "--focus": formatColour(accent),
  };
  for (const [name, colour] of Object.entries(colours)) document.documentElement.style.setProperty(name, colour);
}

function showIcon(file: string): void {
  for (const image of document.querySelectorAll<HTMLImageElement>(".logo, .welcome-mark")) image.src = file;
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link) link.href = file;
}
