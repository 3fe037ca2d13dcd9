import type { Context } from "../context.ts";
import { Failure } from "../failure.ts";
import { orExpired } from "./browser-sign-in.ts";
import { authorizationRequest, codeFrom, redeem, type SignIn, type Tokens } from "./sign-in.ts";

/** Nothing listens there: the browser shows an error, and the address of that page is what is wanted. */
const redirectUri = "http://127.0.0.1:8085/";
const lineCharactersMax = 16_384;

/** Signs in with a browser of another machine, by pasting back the address that it ends at. */
export async function pasteSignIn(signIn: SignIn): Promise<Tokens> {
  const { context, expires } = signIn;
  const { url, state, verifier } = await authorizationRequest(signIn, redirectUri);
  context.stderr(`Open this address in a browser on any machine and sign in:\n\n  ${url}\n\n`);
  context.stderr("The last page does not load. Paste its whole address here (it begins with http://127.0.0.1):\n\n> ");
  const line = await orExpired(readLine(context), expires);
  const query = URL.parse(line)?.searchParams;
  const code = query && codeFrom(query, state);
  if (code === undefined)
    throw new Failure("that is not the address that this sign-in ends at", "try again: waybill auth login");
  return await redeem(signIn, { code, redirectUri, verifier });
}

async function readLine(context: Context): Promise<string> {
  const decoder = new TextDecoder();
  let line = "";
  for await (const chunk of context.stdin()) {
    line += decoder.decode(chunk, { stream: true });
    if (line.includes("\n") || line.length > lineCharactersMax) break;
  }
  return (line.split("\n", 1)[0] ?? "").trim();
}
