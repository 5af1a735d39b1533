// All markup enters the page here. What a model writes is hostile input. This module trusts neither the Markdown
// renderer before it nor the Content-Security-Policy after it.

import DOMPurify from "dompurify";

const purify = DOMPurify(window);

const allowedTags = [
  "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "span", "strong",
  "table", "tbody", "td", "th", "thead", "tr", "ul",
];
const allowedAttributes = ["align", "class", "href", "start"];
const allowedClass = /^(hljs(-[\w-]+)?|language-[\w+#.-]+|[\w]+_|math|math-display)$/;

const mathMlNamespace = "http://www.w3.org/1998/Math/MathML";
/**
 * Lengths, borders and colours, which Temml sets one by one. A policy without inline styles allows scripts to set them.
 */
const mathsStyle = new RegExp(
  "^(background-color|border|color|display|font-(size|style|weight)|height|margin|math-|padding|text-align|" +
    "vertical-align|white-space|width)",
);

purify.addHook("uponSanitizeAttribute", (node, attribute) => {
  if (attribute.attrName !== "style" || node.namespaceURI !== mathMlNamespace) return;
  const { style } = node as MathMLElement;
  for (const name of [...style]) {
    if (!mathsStyle.test(name) || style.getPropertyValue(name).includes("url")) style.removeProperty(name);
  }
  attribute.forceKeepAttr = true;
});

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.namespaceURI === mathMlNamespace) return;
  const classes = [...node.classList].filter((name) => allowedClass.test(name));
  if (classes.length > 0) node.setAttribute("class", classes.join(" "));
  else node.removeAttribute("class");
  if (node instanceof HTMLAnchorElement && node.hasAttribute("href")) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
});

/**
 * Converts markup to nodes without scripts, styles, images, forms, frames, or links other than web and mail addresses.
 */
export function sanitise(markup: string): DocumentFragment {
  return purify.sanitize(markup, {
    ALLOWED_TAGS: allowedTags,
    ALLOWED_ATTR: allowedAttributes,
    // This is tested for every attribute except those that are named as harmless.
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
    ADD_URI_SAFE_ATTR: ["align", "start"],
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}

/** Removes from `formula`, a MathML element of Temml, everything but MathML for drawing. Null if nothing is left. */
export function sanitiseMaths(formula: Element): Element | null {
  const holder = document.createElement("div");
  holder.append(formula);
  purify.sanitize(holder, {
    USE_PROFILES: { mathMl: true },
    ADD_TAGS: ["div"],
    ADD_ATTR: ["class", "form"],
    FORBID_ATTR: ["href", "id", "src", "xlink:href"],
    FORBID_TAGS: ["a", "style"],
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    IN_PLACE: true,
  });
  return holder.firstElementChild;
}
