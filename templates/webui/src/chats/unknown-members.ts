// What a chat's file says and this page does not know.

/** The members of a record that this page does not know. They go back into the file. */
export type Rest = Readonly<Record<string, unknown>>;
