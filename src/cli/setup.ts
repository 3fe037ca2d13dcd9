import type { Invocation } from "./command.ts";

/** `waybill setup` */
export async function run({ argv }: Invocation): Promise<number> {
  const { runSetup } = await import("../setup.ts");
  return await runSetup(argv);
}
