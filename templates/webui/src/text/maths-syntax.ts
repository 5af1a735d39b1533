// Finds maths in Markdown: $…$ and \(…\) in a line, $$…$$ and \[…\] in a line or on their own lines.

import type { TokenizerAndRendererExtension, Tokens } from "marked";

/**
 * `$…$` follows Pandoc's rule (manual, tex_math_dollars): no space directly inside the dollars, and no digit after the
 * second. So "$5 and $10" stays prose. An amount in words ("$5 million, in US$") stays prose too.
 */
const inline = [
  /^\$\$(?!\$)((?:[^$\\]|\\[^])+?)\$\$/,
  /^\\\(((?:(?!\n\s*\n)[^])+?)\\\)/,
  /^\\\[((?:(?!\n\s*\n)[^])+?)\\\]/,
  /^\$(?![\s$]|\d[\d.,]*\s+[a-zA-Z]{2})((?:[^$\\\n`]|\\[^\n])*[^\s$\\`]|(?:[^$\\\n`]|\\[^\n])*\\[^\n])\$(?![\d$])/,
];
const block = /^ {0,3}(?:\$\$(?!\$)((?:[^$\\]|\\[^])+?)\$\$|\\\[([^]+?)\\\])[^\S\n]*(?:\n|$)/;
/** A dollar after a letter or digit ("US$5") starts no formula. Neither does an escaped one. */
const opening = /(^|[^\w$\\])\$|\\[([]/;

/** Extensions that turn maths into `math` elements with the source. maths.ts replaces them with formulas. */
export function mathsExtensions(escape: (text: string) => string): TokenizerAndRendererExtension[] {
  const renderer = ({ raw }: Tokens.Generic): string => {
    const source = raw.trim();
    const display = source.startsWith("$$") || source.startsWith("\\[");
    return `<span class="math${display ? " math-display" : ""}">${escape(source)}</span>`;
  };
  return [
    {
      name: "mathsBlock",
      level: "block",
      tokenizer: (source) => tokenOf("mathsBlock", block.exec(source)),
      renderer: (token) => `<p>${renderer(token)}</p>`,
    },
    {
      name: "mathsInline",
      level: "inline",
      start: (source) => startOf(opening.exec(source)),
      tokenizer: (source) => tokenOf("mathsInline", firstMatch(source)),
      renderer,
    },
  ];
}

/** The source without its delimiters. */
export function texOf(source: string): string {
  const width = source.startsWith("$") && !source.startsWith("$$") ? 1 : 2;
  return source.slice(width, -width).trim();
}

/** Where the formula begins: after the character before a dollar. Lookbehind is younger than some supported browsers. */
function startOf(match: RegExpExecArray | null): number | undefined {
  return match ? match.index + (match[1] ?? "").length : undefined;
}

function firstMatch(source: string): RegExpExecArray | null {
  for (const pattern of inline) {
    const match = pattern.exec(source);
    if (match) return match;
  }
  return null;
}

function tokenOf(type: string, match: RegExpExecArray | null): Tokens.Generic | undefined {
  return match?.[0] ? { type, raw: match[0] } : undefined;
}
