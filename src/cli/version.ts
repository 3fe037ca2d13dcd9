import { type Invocation, version } from "./command.ts";

/** `waybill version` */
export async function run({ context }: Invocation): Promise<number> {
  context.stdout(`waybill ${version}\n`);
  return 0;
}
