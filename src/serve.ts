/** Runs the registry until it is told to stop. */
export async function runServe(_argv: string[]): Promise<number> {
  throw new Error("not here yet");
}
