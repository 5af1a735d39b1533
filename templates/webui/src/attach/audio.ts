// Recordings. The model's decoder reads some formats directly; everything else that the browser can play becomes WAV.

import type { Attachment } from "../api/attachment";
import { base64Of } from "./base64";
import { Refusal } from "./refusal";
import { wavOf } from "./wav";

// The formats that upstream's decoder reads (tools/mtmd/mtmd-helper.cpp, miniaudio), under the names that browsers give
// them.
const types: Readonly<Record<string, string>> = {
  "audio/wav": "audio/wav",
  "audio/x-wav": "audio/wav",
  "audio/wave": "audio/wav",
  "audio/mpeg": "audio/mpeg",
  "audio/mp3": "audio/mpeg",
  "audio/flac": "audio/flac",
  "audio/x-flac": "audio/flac",
};
/**
 * In hertz: the rate on which the models that upstream knows are trained (tools/mtmd/clip-model.h, audio_sample_rate).
 */
const sampleRate = 16_000;

export async function readAudio(file: File): Promise<Attachment> {
  const type = types[file.type];
  if (type !== undefined) return { name: file.name, type, data: await base64Of(file) };
  const wav = wavOf(await decoded(file), sampleRate);
  return { name: file.name, type: "audio/wav", data: await base64Of(new Blob([wav])) };
}

/** The samples as one channel, -1 to 1, at `sampleRate`. */
async function decoded(file: File): Promise<Float32Array> {
  const context = new OfflineAudioContext(1, 1, sampleRate);
  let sound: AudioBuffer;
  try {
    sound = await context.decodeAudioData(await file.arrayBuffer());
  } catch {
    throw new Refusal("audio_format");
  }
  const mixer = new OfflineAudioContext(1, sound.length, sampleRate);
  const source = new AudioBufferSourceNode(mixer, { buffer: sound });
  source.connect(mixer.destination);
  source.start();
  return (await mixer.startRendering()).getChannelData(0);
}
