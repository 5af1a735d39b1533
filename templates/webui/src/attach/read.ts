// Turns a file that the person chose into an attachment, or refuses it with a reason.

import type { Attachment } from "../api/attachment";
import { fetchLimits, type ModelLimits } from "../api/model";
import { readAudio } from "./audio";
import { readImage } from "./image";
import { readPdf } from "./pdf";
import { Refusal } from "./refusal";
import { decodeText } from "./text";

/** Larger files are refused before they are read. They fit into no context and would block the page. */
const maxFileBytes = 64 * 1024 * 1024;

/** Reads `file`; rejects with a `Refusal`. Images and audio are accepted only if the model can use them. */
export async function readFile(file: File): Promise<Attachment> {
  if (file.size > maxFileBytes) throw new Refusal("too_large", { size: maxFileBytes / 1024 / 1024 });
  const kind = await kindOf(file);
  if (kind === "image") {
    requireAbility(await fetchLimits(), "vision");
    return readImage(file);
  }
  if (kind === "audio") {
    requireAbility(await fetchLimits(), "audio");
    return readAudio(file);
  }
  const bytes = await bytesOf(file);
  const text = kind === "pdf" ? await readPdf(bytes) : decodeText(bytes);
  if (text.trim() === "") throw new Refusal(kind === "pdf" ? "pdf_scanned" : "empty");
  return { name: file.name, type: kind === "pdf" ? "application/pdf" : file.type || "text/plain", text };
}

async function kindOf(file: File): Promise<"image" | "audio" | "pdf" | "text"> {
  // An SVG is text that a model can read. Vision models do not know it as an image.
  if (file.type.startsWith("image/") && file.type !== "image/svg+xml") return "image";
  if (file.type.startsWith("audio/")) return "audio";
  if (file.type === "application/pdf") return "pdf";
  const beginning = await bytesOf(file.slice(0, 5));
  return String.fromCharCode(...beginning) === "%PDF-" ? "pdf" : "text";
}

function requireAbility(limits: ModelLimits | null, ability: "vision" | "audio"): void {
  if (!limits) throw new Refusal("not_ready");
  if (!limits[ability]) throw new Refusal(`no_${ability}`);
}

/** A folder, or a file that was moved meanwhile, has a name but cannot be read. */
async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch {
    throw new Refusal("unreadable");
  }
}
