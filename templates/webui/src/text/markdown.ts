// Converts Markdown (GitHub's flavour) to markup, block by block. The markup is not safe before `sanitise` has seen it.

import { Marked, type RendererObject, type Token, type TokensList } from "marked";
import { t } from "../prefs/strings";
import { highlight } from "./highlight";
import { mathsExtensions } from "./maths-syntax";

/** One paragraph, list, table, code block …; equal keys mean equal markup. */
export interface Block {
  readonly key: string;
  readonly code: CodeBlock | null;
  markup(): string;
}

export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

const renderer: RendererObject = {
  // Raw HTML appears as text.
  html: ({ text, type, block }) => (type === "html" && block ? `<p>${escape(text)}</p>` : escape(text)),
  // The browser would fetch an image from another host without asking. A link is the person's choice.
  image: ({ href, text }) => {
    const label = escape(t("image", { text: text || href }));
    return `<a href="${escape(href)}">${label}</a>`;
  },
  code: ({ text, lang }) => codeMarkup({ text, language: languageOf(lang) }),
  checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  // The page's own headings are h1 and h2.
  heading({ tokens, depth }) {
    const tag = `h${Math.min(depth + 2, 6)}`;
    return `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`;
  },
};

// breaks: a line break in a chat means a new line.
const marked = new Marked({ gfm: true, breaks: true, renderer, extensions: mathsExtensions(escape) });

export function parseBlocks(text: string): Block[] {
  const tokens = marked.lexer(text);
  const links = JSON.stringify(tokens.links);
  return tokens.filter((token) => token.type !== "space" && token.type !== "def").map((token) => block(token, tokens, links));
}

/** The content of the `code` element for a code block. */
export function codeMarkup({ language, text }: CodeBlock): string {
  const inner = highlight(text, language) ?? escape(text);
  return `<pre><code class="hljs language-${escape(language || "text")}">${inner}</code></pre>`;
}

function block(token: Token, all: TokensList, links: string): Block {
  return {
    // A link's address can be defined further down ("[1]: https://…"). So the definitions are part of the key.
    key: `${token.type} ${token.raw.includes("[") ? links : ""} ${token.raw}`,
    code: token.type === "code" ? { language: languageOf(token["lang"]), text: token["text"] as string } : null,
    markup: () => marked.parser(Object.assign([token], { links: all.links })),
  };
}

/** The first word of the line that opens a code block. It can be missing, and anything can follow it. */
function languageOf(info: unknown): string {
  return typeof info === "string" ? (/^[\w+#.-]+/.exec(info)?.[0].toLowerCase() ?? "") : "";
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
