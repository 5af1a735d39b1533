// What a message can carry in addition to its text. A chat's file keeps the same record (docs/http-api.md).

/** A text file has `text`; every other file has `data`, its bytes in base64. `type` is the media type. */
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
 * Content of the API message. Several questions become one, because many chat templates refuse two messages of one role
 * in a row. Images and audio come before the text that asks about them: vision models were trained that way.
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

/** What the model will receive, as far as the length matters: all text, all pictures and all recordings. */
export interface Content {
  readonly text: string;
  readonly media: readonly Attachment[];
}

export function contentOf(question: QuestionContent): Content {
  return { text: messageText(question), media: question.attachments.filter(({ data }) => data !== undefined) };
}

/** Size in bytes: of the extracted text, or of the image or recording. */
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
