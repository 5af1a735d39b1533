// Replaces the source of formulas with formulas. The typesetter is fetched with the first formula. Until then, and if a
// formula is faulty, the person reads its source.

import { loadLazily } from "../browser/load-lazily";
import { t } from "../prefs/strings";
import { texOf } from "./maths-syntax";
import { sanitiseMaths } from "./sanitise";

type Typesetter = typeof import("./lazy/maths");

/** Drawn formulas, by source. A growing paragraph is rebuilt with every piece. */
const maxDrawn = 500;
const drawn = new Map<string, Element | null>();
let typesetter: Typesetter | null = null;

/** Draws what maths-syntax.ts marked inside `root`, now or when the typesetter is loaded. */
export function showMaths(root: ParentNode): void {
  const formulas = [...root.querySelectorAll(".math")];
  // Chrome before 109 would write all letters of a formula in one row.
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

/** A formula can be wider than the page. The keyboard must be able to scroll it too. */
function makeScrollable(formula: Element): void {
  formula.setAttribute("tabindex", "0");
  formula.setAttribute("role", "group");
  formula.setAttribute("aria-label", t("formula_label"));
}
