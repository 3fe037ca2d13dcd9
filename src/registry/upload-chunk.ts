/** Some bytes of an upload. */
export interface UploadChunk {
  /** Each piece is taken with the memory it lies in, which is empty afterwards. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Where the client says they begin, in bytes. */
  readonly start?: number | undefined;
  /** How many the client says there are; fewer means that the connection broke. */
  readonly length?: number | undefined;
  /** Hears how many more bytes can be read from the store. */
  readonly onWritten?: ((bytes: number) => void) | undefined;
}
