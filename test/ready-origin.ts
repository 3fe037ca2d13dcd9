/** The URL that a server says it is ready at, in the first such line of its standard output; undefined when it ends without one. */
export async function readyOrigin(stdout: ReadableStream<Uint8Array>): Promise<string | undefined> {
  let text = "";
  for await (const bytes of stdout) {
    text += Buffer.from(bytes).toString();
    const origin = /^ready: (https?:\/\/\S+)\n/m.exec(text)?.[1];
    if (origin) return origin;
  }
  return undefined;
}
