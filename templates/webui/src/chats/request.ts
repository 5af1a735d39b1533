// What the model receives of a chat.

import { type Content, contentOf, messageContent, type QuestionContent } from "../api/attachment";
import type { ChatMessage } from "../api/completions";
import type { Answer } from "./answer";
import type { Message } from "./message";

/**
 * The messages before `answer`, and its beginning if the model continues it. Many chat templates refuse two messages of
 * one role in a row, so a question without an answer is joined with the next one.
 */
export function requestMessages(path: readonly Message[], answer: Answer, systemPrompt: string): ChatMessage[] {
  const messages: ChatMessage[] = systemPrompt.trim() === "" ? [] : [{ role: "system", content: systemPrompt }];
  let questions: QuestionContent[] = [];
  for (const message of path.slice(0, path.indexOf(answer))) {
    if (message.role === "user") questions.push(message);
    else if (message.text !== "") {
      messages.push({ role: "user", content: messageContent(questions) }, { role: "assistant", content: message.text });
      questions = [];
    }
  }
  if (questions.length > 0) messages.push({ role: "user", content: messageContent(questions) });
  if (answer.keptCharacters > 0) messages.push(beginning(answer));
  return messages;
}

/** All that the model will receive. */
export function chatContent(path: readonly Message[], systemPrompt: string): Content {
  const contents = path.map((message) => (message.role === "user" ? contentOf(message) : { text: message.text, media: [] }));
  return {
    text: [systemPrompt, ...contents.map(({ text }) => text)].join("\n"),
    media: contents.flatMap(({ media }) => media),
  };
}

/** Upstream continues the last message if it is an answer (tools/server/README.md, --prefill-assistant). */
function beginning({ text, reasoning }: Answer): ChatMessage {
  return { role: "assistant", content: text, ...(reasoning !== "" && { reasoning_content: reasoning }) };
}
