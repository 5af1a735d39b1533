// Bytes of a file in base64.

import { Refusal } from "./refusal";

export function base64Of(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(new Refusal("unreadable"));
    reader.readAsDataURL(file);
  });
}
