// The two kinds of messages in a chat. Both keep members of the file that this page does not know.

import type { Attachment } from "../api/attachment";
import type { Answer } from "./answer";
import type { Rest } from "./unknown-members";

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
