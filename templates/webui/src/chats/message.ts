// The two kinds of messages in a chat. Both keep what a file says of them and this page does not know.

import type { Attachment } from "../attach/attachment";
import type { Answer } from "./answer";

/** What is not known here of a record in a chat's file, and goes back into it. */
export type Rest = Readonly<Record<string, unknown>>;

export class Question {
  readonly role = "user";

  constructor(
    readonly id: string,
    /** The message that it follows; null at the start of a chat. */
    readonly parent: string | null,
    readonly text: string,
    readonly attachments: readonly Attachment[],
    readonly created: string,
    readonly rest: Rest = {},
  ) {}
}

export type Message = Question | Answer;
