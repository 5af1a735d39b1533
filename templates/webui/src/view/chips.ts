// Attached files on the screen: a small picture or sign, a name, a size.

import { type Attachment, dataUrl, sizeBytes } from "../api/attachment";
import { element } from "../browser/dom";
import { t } from "../prefs/strings";
import { formatSize } from "../text/sizes";
import { icon } from "./icons";

/** The attachments of a sent message; null if it has none. */
export function attachmentList(attachments: readonly Attachment[]): HTMLElement | null {
  if (attachments.length === 0) return null;
  const chips = attachments.map((attachment) => element("li", { class: "chip" }, ...chipContent(attachment)));
  return element("ul", { class: "chips", "aria-label": t("attachments") }, ...chips);
}

/** A chip in the composer, with a button that removes it. */
export function removableChip(attachment: Attachment, remove: () => void): HTMLLIElement {
  const label = t("attachment_remove", { name: attachment.name });
  const button = element("button", { type: "button", class: "chip-remove", "aria-label": label, title: label }, icon("close"));
  button.addEventListener("click", remove);
  return element("li", { class: "chip" }, ...chipContent(attachment), button);
}

/** Replaces a chip while its file is being read. */
export function readingChip(name: string): HTMLLIElement {
  const text = element("span", { class: "chip-size" }, t("attachment_reading"));
  return element("li", { class: "chip reading" }, element("span", { class: "chip-sign" }, icon("file")), element("span", { class: "chip-name", title: name }, name), text);
}


function chipContent(attachment: Attachment): HTMLElement[] {
  const { name } = attachment;
  const parts = [
    element("span", { class: "chip-name", title: name }, name),
    element("span", { class: "chip-size" }, formatSize(sizeBytes(attachment))),
  ];
  return [signOf(attachment), ...parts];
}

function signOf(attachment: Attachment): HTMLElement {
  const isImage = attachment.data !== undefined && attachment.type.startsWith("image/");
  if (isImage) return element("img", { class: "chip-image", src: dataUrl(attachment), alt: "", width: "32", height: "32", draggable: "false" });
  return element("span", { class: "chip-sign" }, icon(attachment.data === undefined ? "file" : "sound"));
}
