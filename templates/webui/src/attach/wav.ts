// Samples as a WAV file: "Multimedia Programming Interface and Data Specifications 1.0", chapter 3, WAVE.

const headerBytes = 44;
const sampleBytes = 2;

/** One channel of 16-bit PCM; `samples` are -1 to 1, `sampleRate` in hertz. */
export function wavOf(samples: Float32Array, sampleRate: number): ArrayBuffer {
  const dataBytes = samples.length * sampleBytes;
  const file = new DataView(new ArrayBuffer(headerBytes + dataBytes));
  writeHeader(file, dataBytes, sampleRate);
  samples.forEach((sample, index) => {
    const value = Math.round(Math.max(-1, Math.min(1, sample)) * 0x7fff);
    file.setInt16(headerBytes + index * sampleBytes, value, true);
  });
  return file.buffer as ArrayBuffer;
}

function writeHeader(file: DataView, dataBytes: number, sampleRate: number): void {
  writeLetters(file, 0, "RIFF");
  file.setUint32(4, headerBytes - 8 + dataBytes, true);
  writeLetters(file, 8, "WAVEfmt ");
  file.setUint32(16, 16, true); // bytes of this chunk
  file.setUint16(20, 1, true); // WAVE_FORMAT_PCM
  file.setUint16(22, 1, true); // channels
  file.setUint32(24, sampleRate, true);
  file.setUint32(28, sampleRate * sampleBytes, true);
  file.setUint16(32, sampleBytes, true);
  file.setUint16(34, 8 * sampleBytes, true);
  writeLetters(file, 36, "data");
  file.setUint32(40, dataBytes, true);
}

function writeLetters(file: DataView, offset: number, letters: string): void {
  [...letters].forEach((letter, index) => file.setUint8(offset + index, letter.charCodeAt(0)));
}
