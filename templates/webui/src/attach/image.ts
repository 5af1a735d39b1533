// Images, made as small as the model needs them.

import type { Attachment } from "../api/attachment";
import { base64Of } from "./base64";
import { Refusal } from "./refusal";

/**
 * The longer edge of what is sent, in pixels. Vision models scale to about this (Qwen2.5-VL by default, and tiles of
 * LLaVA-NeXT and Gemma 3, stay below), and every further pixel costs time on a processor.
 */
const maxEdgePx = 1536;
/** A drawing of this many bytes, or fewer, is sent as it is: JPEG would blur its lines. */
const maxKeptBytes = 1024 * 1024;
const jpegQuality = 0.9;

/** The image as PNG or JPEG, upright, and no larger than `maxEdgePx`. */
export async function readImage(file: File): Promise<Attachment> {
  const bitmap = await decode(file);
  const scale = Math.min(1, maxEdgePx / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.type === "image/png" && file.size <= maxKeptBytes) {
    return { name: file.name, type: file.type, data: await base64Of(file) };
  }
  // Everything else is drawn anew: upstream's decoder knows no WebP, and does not turn a photo as its EXIF says.
  return { name: file.name, type: "image/jpeg", data: drawn(bitmap, scale) };
}

async function decode(file: File): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch {
    throw new Refusal("image_broken");
  }
}

function drawn(bitmap: ImageBitmap, scale: number): string {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  if (!context) throw new Refusal("image_broken");
  // JPEG has no transparency: what shines through is paper.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const [, data] = canvas.toDataURL("image/jpeg", jpegQuality).split(",");
  return data ?? "";
}
