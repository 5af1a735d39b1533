// What a message can carry beside its text. The record is the one that a chat's file keeps (docs/http-api.md).

/** `text` for what is read as text, or else `data`: the file in base64. `type` is its media type. */
export interface Attachment {
  readonly name: string;
  readonly type: string;
  readonly text?: string;
  readonly data?: string;
}

/** Part of an OpenAI message (upstream: tools/server/server-common.cpp, oaicompat_content_load_media). */
export type ContentPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: { readonly url: string } }
  | { readonly type: "input_audio"; readonly input_audio: { readonly data: string; readonly format: string } };

/** A message of the person: what they wrote and what they attached. */
export interface QuestionContent {
  readonly text: string;
  readonly attachments: readonly Attachment[];
}

/**
 * Content of the API message. Several questions become one: many chat templates refuse two messages of one role in a
 * row. Images and audio stand before the text that asks about them, as vision models were trained.
 */
export function messageContent(questions: readonly QuestionContent[]): string | readonly ContentPart[] {
  const text = questions.map(messageText).join("\n\n");
  const media = questions.flatMap(({ attachments }) => attachments).flatMap(mediaPart);
  return media.length === 0 ? text : [...media, { type: "text", text }];
}

/** The text of one question with the texts of its files in front. */
export function messageText({ text, attachments }: QuestionContent): string {
  const blocks = attachments.flatMap(({ name, text: content }) =>
    content === undefined ? [] : [`--- File: ${name} ---\n${content.replace(/\n+$/, "")}\n--- End of file ---`],
  );
  return [...blocks, text].filter((part) => part !== "").join("\n\n");
}

/** What the model is to be sent, as far as its length is concerned: all text, and the pictures and recordings. */
export interface Content {
  readonly text: string;
  readonly media: readonly Attachment[];
}

export function contentOf(question: QuestionContent): Content {
  return { text: messageText(question), media: question.attachments.filter(({ data }) => data !== undefined) };
}

/** How much of the message this is, in bytes: of the text that was read, or of the image or recording. */
export function sizeBytes({ text, data }: Attachment): number {
  if (text !== undefined) return new TextEncoder().encode(text).length;
  return Math.floor(((data ?? "").length * 3) / 4);
}

export function dataUrl({ type, data }: Attachment): string {
  return `data:${type};base64,${data ?? ""}`;
}

function mediaPart(attachment: Attachment): ContentPart[] {
  const { type, data } = attachment;
  if (data === undefined) return [];
  if (type.startsWith("image/")) return [{ type: "image_url", image_url: { url: dataUrl(attachment) } }];
  return [{ type: "input_audio", input_audio: { data, format: type === "audio/mpeg" ? "mp3" : type.slice("audio/".length) } }];
}
