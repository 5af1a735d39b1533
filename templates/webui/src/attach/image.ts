// Images, reduced to the size that the model needs.

import type { Attachment } from "../api/attachment";
import { base64Of } from "./base64";
import { Refusal } from "./refusal";

/**
 * The longest edge of the image that is sent, in pixels. Vision models scale to about this (Qwen2.5-VL by default;
 * tiles of LLaVA-NeXT and Gemma 3 are smaller). Every further pixel costs time on a processor.
 */
const maxEdgePx = 1536;
/** A PNG of this many bytes or fewer is sent as it is, because JPEG would blur its lines. */
const maxKeptBytes = 1024 * 1024;
const jpegQuality = 0.9;

/** The image as PNG or JPEG, upright, and no larger than `maxEdgePx`. */
export async function readImage(file: File): Promise<Attachment> {
  const bitmap = await decode(file);
  const scale = Math.min(1, maxEdgePx / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.type === "image/png" && file.size <= maxKeptBytes) {
    return { name: file.name, type: file.type, data: await base64Of(file) };
  }
  // Everything else is converted: upstream's decoder does not know WebP and ignores the orientation in a photo's EXIF.
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
  // JPEG has no transparency, so transparent parts become white.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const [, data] = canvas.toDataURL("image/jpeg", jpegQuality).split(",");
  return data ?? "";
}
