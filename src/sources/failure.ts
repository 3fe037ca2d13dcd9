/** Something was refused or did not work: what, and (as `hint`) the command or step that mends it. Each is one line. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** The text of whatever was thrown, on one line and without control characters, fit for a terminal. */
export function messageOf(thrown: unknown): string {
  return oneLine(thrown instanceof Error ? thrown.message : String(thrown));
}

/** A text from outside on one line: control characters could rewrite what the terminal shows. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim();
}
