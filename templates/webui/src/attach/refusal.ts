// Why a file cannot be attached.

export type RefusalKind =
  | "binary"
  | "empty"
  | "too_large"
  | "unreadable"
  | "image_broken"
  | "no_vision"
  | "no_audio"
  | "audio_format"
  | "not_ready"
  | "pdf_broken"
  | "pdf_locked"
  | "pdf_scanned"
  | "pdf_reader_missing";

export class Refusal extends Error {
  constructor(
    readonly kind: RefusalKind,
    readonly params: Readonly<Record<string, string | number>> = {},
  ) {
    super(kind);
  }
}
