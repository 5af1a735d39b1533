// Formulas in the place of their source. What draws them is fetched with the first one; until then, and where a formula
// is faulty, its source can be read.

import { loadLazily } from "../browser/load-lazily";
import { t } from "../prefs/strings";
import { texOf } from "./maths-syntax";
import { sanitiseMaths } from "./sanitise";

type Typesetter = typeof import("./lazy/maths");

/** Formulas that were drawn, by their source: a paragraph that grows is built anew with every piece. */
const maxDrawn = 500;
const drawn = new Map<string, Element | null>();
let typesetter: Typesetter | null = null;

/** Draws what maths-syntax.ts marked below `root`, now or when the typesetter is there. */
export function showMaths(root: ParentNode): void {
  const formulas = [...root.querySelectorAll(".math")];
  // Chrome before 109 would write all letters of a formula in a row.
  if (!("MathMLElement" in window)) return;
  if (formulas.length > 0) void showWhenLoaded(formulas);
}

async function showWhenLoaded(formulas: readonly Element[]): Promise<void> {
  typesetter ??= await loadLazily(() => import("./lazy/maths"));
  if (typesetter) for (const formula of formulas) show(formula, typesetter);
}

function show(formula: Element, { draw }: Typesetter): void {
  const source = formula.textContent ?? "";
  const isDisplay = formula.classList.contains("math-display");
  if (drawn.size > maxDrawn) drawn.clear();
  if (!drawn.has(source)) {
    const mathMl = draw(texOf(source), isDisplay);
    drawn.set(source, mathMl && sanitiseMaths(mathMl));
  }
  const result = drawn.get(source);
  if (result) formula.replaceChildren(result.cloneNode(true));
  if (isDisplay) makeScrollable(formula);
}

/** A formula may be wider than the page: the keyboard must be able to scroll it too. */
function makeScrollable(formula: Element): void {
  formula.setAttribute("tabindex", "0");
  formula.setAttribute("role", "group");
  formula.setAttribute("aria-label", t("formula_label"));
}
