import { kubeletCredentials } from "../helper/kubelet.ts";
import type { Invocation } from "./command.ts";

/** `waybill kubelet-credential-provider` */
export async function run({ context }: Invocation): Promise<number> {
  context.stdout(`${JSON.stringify(await kubeletCredentials(context))}\n`);
  return 0;
}
