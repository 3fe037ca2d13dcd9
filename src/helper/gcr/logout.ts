import type { Context } from "../../sources/context.ts";
import { removeLogin } from "./login-file.ts";

/** `gcr-logout` and `clear`, which differ in how they call a failure. */
export async function logout(failure: string, context: Context): Promise<number> {
  try {
    await removeLogin(context.env);
    return 0;
  } catch (error) {
    context.stderr(`${failure}: ${(error as Error).message}\n`);
    return 1;
  }
}
