// Recordings, as they are.

import type { Attachment } from "./attachment";
import { base64Of } from "./base64";
import { Refusal } from "./refusal";

// What upstream's decoder reads (tools/mtmd/mtmd-helper.cpp, miniaudio), under the names that browsers give them.
const types: Readonly<Record<string, string>> = {
  "audio/wav": "audio/wav",
  "audio/x-wav": "audio/wav",
  "audio/wave": "audio/wav",
  "audio/mpeg": "audio/mpeg",
  "audio/mp3": "audio/mpeg",
  "audio/flac": "audio/flac",
  "audio/x-flac": "audio/flac",
};

export async function readAudio(file: File): Promise<Attachment> {
  const type = types[file.type];
  if (type === undefined) throw new Refusal("audio_format");
  return { name: file.name, type, data: await base64Of(file) };
}
