/** What may be asked of the connection that a request came on. */
export interface Connection {
  /** The address at its other end. */
  peer(): string | undefined;
  /** From now on the connection is cut when nothing moves for so many seconds; 0 is never. */
  setPatience(seconds: number): void;
}
