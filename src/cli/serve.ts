import type { Invocation } from "./command.ts";

/** `waybill serve`: the server half is loaded only here. */
export async function run({ argv }: Invocation): Promise<number> {
  const { runServe } = await import("../serve.ts");
  return await runServe(argv);
}
