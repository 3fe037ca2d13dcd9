/** What may be asked of the connection that a request came on. */
export interface Connection {
  /** The address at its other end. */
  peer(): string | undefined;
  /** From now on the connection is cut when nothing moves for so many seconds; 0 is never. */
  setPatience(seconds: number): void;
  /** The name of the request, which the client sees in the answer; absent where nobody gives names. */
  readonly requestId?: string | undefined;
  /** Told how many bytes of the body were read. */
  readonly received?: ((bytes: number) => void) | undefined;
}
