/** A schema that cannot be taken back, or not now; the message says why, the hint what to do. Each is one line. */
export class NoWayBackError extends Error {
  override name = "NoWayBackError";
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }

  /** For a migration that was made without a way back. */
  static of(migration: string): NoWayBackError {
    return new NoWayBackError(
      `${migration} cannot be taken back: what it changed would be lost`,
      "go on with this version, or restore a backup from before it: waybill restore",
    );
  }
}
