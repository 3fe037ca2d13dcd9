/** Makes the first owner. */
export async function runSetup(_argv: string[]): Promise<number> {
  throw new Error("not here yet");
}
