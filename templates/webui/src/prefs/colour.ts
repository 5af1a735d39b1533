// Colours and their contrast, as WCAG 2.2 defines it: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio

export type Colour = readonly [red: number, green: number, blue: number];

/** What WCAG's level AA requires of text: https://www.w3.org/TR/WCAG22/#contrast-minimum */
const minContrast = 4.5;
const steps = 50;

/** Reads "#rrggbb". */
export function parseColour(text: string): Colour {
  const channel = (start: number): number => parseInt(text.slice(start, start + 2), 16);
  return [channel(1), channel(3), channel(5)];
}

export function formatColour(colour: Colour): string {
  return `#${colour.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
}

/** Mixes `share` of `other` (0 to 1) into `colour`. */
export function mix(colour: Colour, other: Colour, share: number): Colour {
  const channel = (index: 0 | 1 | 2): number => colour[index] * (1 - share) + other[index] * share;
  return [channel(0), channel(1), channel(2)];
}

/** Moves `colour` towards `end`, only as far as text of that colour on `ground` needs. */
export function readableOn(ground: Colour, colour: Colour, end: Colour): Colour {
  for (let step = 0; step < steps; step++) {
    const moved = parseColour(formatColour(mix(colour, end, step / steps)));
    if (contrast(moved, ground) >= minContrast) return moved;
  }
  return end;
}

function contrast(one: Colour, other: Colour): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map(linear) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function linear(value: number): number {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}
