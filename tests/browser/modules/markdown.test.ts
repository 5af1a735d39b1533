import "./stand-ins";
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBlocks } from "../src/text/markdown";
import { texOf } from "../src/text/maths-syntax";

function markup(text: string): string {
  return parseBlocks(text).map((block) => block.markup().trim()).join("\n");
}

/** Sources of the formulas in the markup of `text`. */
function formulas(text: string): string[] {
  return [...markup(text).matchAll(/<span class="math[^>]*>(.*?)<\/span>/gs)].map(([, source = ""]) => source);
}

test("blocks have the markup of GitHub's Markdown", () => {
  assert.equal(markup("**bold** ~~gone~~"), "<p><strong>bold</strong> <del>gone</del></p>");
  assert.equal(markup("one\ntwo"), "<p>one<br>two</p>");
  assert.match(markup("| a |\n|:-:|\n| b |"), /<th align="center">a<\/th>/);
  assert.match(markup("- [x] done\n- [ ] open"), /☑ .*☐ /s);
});

test("headings begin below those of the page", () => {
  assert.equal(markup("# One"), "<h3>One</h3>");
  assert.equal(markup("###### Six"), "<h6>Six</h6>");
});

test("HTML is shown as text", () => {
  assert.equal(markup("<img src=x onerror=alert(1)>"), "<p>&#60;img src=x onerror=alert(1)&#62;</p>");
  assert.equal(markup("a <b>c</b>"), "<p>a &#60;b&#62;c&#60;/b&#62;</p>");
});

test("an image is a link, which fetches nothing", () => {
  assert.equal(markup("![cat](https://example.org/cat.png)"), '<p><a href="https://example.org/cat.png">Image: cat</a></p>');
});

test("the language of a code block is its first word, and its text is escaped", () => {
  const [block] = parseBlocks("```Python title=x\nprint('<')\n```");
  assert.deepEqual(block?.code, { language: "python", text: "print('<')" });
  assert.match(block?.markup() ?? "", /class="hljs language-python"/);
  assert.match(markup("```\n<b>\n```"), /language-text">&#60;b&#62;/);
});

test("equal keys mean equal blocks: a finished block keeps its key while the text grows", () => {
  const before = parseBlocks("First.\n\nSec");
  const after = parseBlocks("First.\n\nSecond.");
  assert.equal(after[0]?.key, before[0]?.key);
  assert.notEqual(after[1]?.key, before[1]?.key);
});

test("a link that is defined further down changes the block's key", () => {
  const before = parseBlocks("See [1].");
  const after = parseBlocks("See [1].\n\n[1]: https://example.org");
  assert.notEqual(after[0]?.key, before[0]?.key);
  assert.match(after[0]?.markup() ?? "", /href="https:\/\/example.org"/);
});

test("formulas are found in a line and on lines of their own", () => {
  assert.deepEqual(formulas("so $a_1 * b$ and \\(c\\)"), ["$a_1 * b$", "\\(c\\)"]);
  assert.deepEqual(formulas("$$\nx^2\n$$\n\n\\[y\\]"), ["$$\nx^2\n$$", "\\[y\\]"]);
  assert.match(markup("$$x$$"), /class="math math-display"/);
});

test("prices and escaped dollars are prose", () => {
  for (const text of ["$5 and $10", "US$5 and US$6", "\\$a\\$", "$a$1", "US$a$", "$5 million, in US$", "$ a $", "`$a$`"]) {
    assert.deepEqual(formulas(text), [], text);
  }
});

test("the source of a formula loses its delimiters", () => {
  assert.deepEqual(["$a$", "$$ b $$", "\\(c\\)", "\\[ d \\]"].map(texOf), ["a", "b", "c", "d"]);
});
