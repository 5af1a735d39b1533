// Markdown (GitHub's flavour) to markup, block by block. The markup is not safe before `sanitise` has seen it.

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
  // Raw HTML is shown as the text it is.
  html: ({ text, type, block }) => (type === "html" && block ? `<p>${escape(text)}</p>` : escape(text)),
  // An image would be fetched from a foreign host without the person's doing. A link is theirs to follow.
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

// breaks: models, like people in chats, mean a new line when they begin one.
const marked = new Marked({ gfm: true, breaks: true, renderer, extensions: mathsExtensions(escape) });

export function parseBlocks(text: string): Block[] {
  const tokens = marked.lexer(text);
  const links = JSON.stringify(tokens.links);
  return tokens.filter((token) => token.type !== "space" && token.type !== "def").map((token) => block(token, tokens, links));
}

/** Inside of the `code` element for a code block. */
export function codeMarkup({ language, text }: CodeBlock): string {
  const inner = highlight(text, language) ?? escape(text);
  return `<pre><code class="hljs language-${escape(language || "text")}">${inner}</code></pre>`;
}

function block(token: Token, all: TokensList, links: string): Block {
  return {
    // A link's address may be defined further down ("[1]: https://…"), so it is part of what decides the markup.
    key: `${token.type} ${token.raw.includes("[") ? links : ""} ${token.raw}`,
    code: token.type === "code" ? { language: languageOf(token["lang"]), text: token["text"] as string } : null,
    markup: () => marked.parser(Object.assign([token], { links: all.links })),
  };
}

/** The first word of the line that opens a code block; it may be absent, or be followed by anything. */
function languageOf(info: unknown): string {
  return typeof info === "string" ? (/^[\w+#.-]+/.exec(info)?.[0].toLowerCase() ?? "") : "";
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
