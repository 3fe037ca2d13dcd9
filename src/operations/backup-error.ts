/** A backup or a restore that cannot be; the message says why, the hint what mends it. */
export class BackupError extends Error {
  override name = "BackupError";
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}
