/** The same bytes until the signal says so: then it throws, and whoever gives them is told that nobody listens. */
export async function* stoppable(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  stopped.catch(() => {});
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    for (;;) {
      const { done, value } = await Promise.race([pieces.next(), stopped]);
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    // Not waited for: it may itself wait for bytes that never come.
    pieces.return?.().catch(() => {});
  }
}
