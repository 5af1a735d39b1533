// Creates and finds elements. Text becomes text nodes only; nothing here parses markup.

type Child = Node | string | null;

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  for (const child of children) if (child !== null) created.append(child);
  return created;
}

/** The element with this id; index.html.j2 must have it. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return found;
}

/** Sets the text only if it differs, so that a selection inside it survives. */
export function setText(target: Node, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** Like `setText`, for text with a path: a line can also end after a slash, and so between two folders. */
export function setTextWithPath(target: Element, text: string): void {
  if (target.textContent === text) return;
  const pieces = text.match(/[^/\\]+[/\\]*|[/\\]+/g) ?? [];
  target.replaceChildren(...pieces.flatMap((piece) => [piece, element("wbr")]));
}
