import type { Context } from "../../sources/context.ts";

/** `gcr-login` */
export async function login(context: Context): Promise<number> {
  context.stderr("Login failure: unable to authenticate user: not here yet\n");
  return 1;
}
