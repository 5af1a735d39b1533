// A Markdown text on the page that grows while the model writes it. Only changed blocks are rebuilt. So the work per
// piece does not grow with the answer, and a selection further up stays.

import { element } from "../browser/dom";
import { t } from "../prefs/strings";
import { loadLanguage } from "../text/highlight";
import { type Block, type CodeBlock, codeMarkup, parseBlocks } from "../text/markdown";
import { showMaths } from "../text/maths";
import { sanitise } from "../text/sanitise";
import { copyButton } from "./buttons";
import { applyLinkRule } from "./links";

export class ProseView {
  readonly root = element("div", { class: "prose" });
  private text = "";
  private shown: { block: Block; nodes: ChildNode[] }[] = [];

  update(text: string): void {
    if (text === this.text) return;
    this.text = text;
    const blocks = parseBlocks(text);
    let kept = this.countKept(blocks);
    if (this.growCode(blocks[kept], kept)) kept++;
    for (const { nodes } of this.shown.splice(kept)) for (const node of nodes) node.remove();
    for (const block of blocks.slice(kept)) this.append(block);
  }

  private countKept(blocks: readonly Block[]): number {
    let kept = 0;
    while (kept < this.shown.length && this.shown[kept]?.block.key === blocks[kept]?.key) kept++;
    return kept;
  }

  /** If the last block is code that grew, its frame stays, so that its copy button works all the time. */
  private growCode(grown: Block | undefined, index: number): boolean {
    const old = this.shown[index];
    if (!old?.block.code || !grown?.code || index !== this.shown.length - 1) return false;
    if (old.block.code.language !== grown.code.language) return false;
    const frame = old.nodes[0];
    const code = frame instanceof HTMLElement ? frame.querySelector("code") : null;
    const fresh = sanitise(codeMarkup(grown.code)).querySelector("code");
    if (!code || !fresh) return false;
    code.replaceChildren(...fresh.childNodes);
    old.block = grown;
    return true;
  }

  private append(block: Block): void {
    const fragment = sanitise(block.markup());
    applyLinkRule(fragment);
    frameCode(fragment, block.code);
    frameTables(fragment);
    showMaths(fragment);
    const nodes = [...fragment.childNodes];
    this.root.append(fragment);
    this.shown.push({ block, nodes });
  }
}

function frameCode(fragment: DocumentFragment, whole: CodeBlock | null): void {
  for (const pre of fragment.querySelectorAll("pre")) {
    const code = pre.querySelector("code");
    const language = whole?.language ?? languageFromClass(code);
    const name = language || t("code");
    const frame = element("div", { class: "code-block" });
    const head = element("div", { class: "code-head" }, element("span", {}, name));
    head.append(copyButton(t("copy_code"), () => (pre.textContent ?? "").replace(/\n$/, "")));
    // Code can be wider than the page. The keyboard must be able to scroll it too.
    pre.tabIndex = 0;
    pre.setAttribute("role", "group");
    pre.setAttribute("aria-label", t("code_label", { language: name }));
    pre.replaceWith(frame);
    frame.append(head, pre);
    if (code) void colourLater(code, language);
  }
}

/** Colours code after its language is loaded. It reads the text only then, because more may have come meanwhile. */
async function colourLater(code: Element, language: string): Promise<void> {
  if (!(await loadLanguage(language))) return;
  const coloured = sanitise(codeMarkup({ language, text: code.textContent ?? "" })).querySelector("code");
  if (coloured) code.replaceChildren(...coloured.childNodes);
}

function languageFromClass(code: Element | null): string {
  const name = [...(code?.classList ?? [])].find((candidate) => candidate.startsWith("language-"));
  return name === undefined || name === "language-text" ? "" : name.slice("language-".length);
}

/** Wide tables scroll inside their own frame, so that the page does not. */
function frameTables(fragment: DocumentFragment): void {
  for (const table of fragment.querySelectorAll("table")) {
    const frame = element("div", { class: "table-frame", role: "group", "aria-label": t("table_label"), tabindex: "0" });
    table.replaceWith(frame);
    frame.append(table);
  }
}
