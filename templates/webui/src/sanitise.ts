// The only door through which markup enters the page. What a model writes is hostile input: nothing is trusted here,
// neither the Markdown renderer before it nor the Content-Security-Policy behind it.

import DOMPurify from "dompurify";

const purify = DOMPurify(window);

const allowedTags = [
  "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "span", "strong",
  "table", "tbody", "td", "th", "thead", "tr", "ul",
];
const allowedAttributes = ["align", "class", "href", "start"];
const allowedClass = /^(hljs(-[\w-]+)?|language-[\w+#.-]+|[\w]+_)$/;

purify.addHook("afterSanitizeAttributes", (node) => {
  const classes = [...node.classList].filter((name) => allowedClass.test(name));
  if (classes.length > 0) node.setAttribute("class", classes.join(" "));
  else node.removeAttribute("class");
  if (node instanceof HTMLAnchorElement && node.hasAttribute("href")) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
});

/** Markup as nodes without scripts, styles, images, forms, frames, and links to anything but web and mail addresses. */
export function sanitise(markup: string): DocumentFragment {
  return purify.sanitize(markup, {
    ALLOWED_TAGS: allowedTags,
    ALLOWED_ATTR: allowedAttributes,
    // Tested for every attribute but those that are named as harmless.
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
    ADD_URI_SAFE_ATTR: ["align", "start"],
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}
