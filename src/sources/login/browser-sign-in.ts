import { Failure } from "../failure.ts";
import { openBrowser } from "./open-browser.ts";
import { authorizationRequest, codeFrom, redeem, type SignIn, type Tokens } from "./sign-in.ts";

/**
 * Signs in with a browser of this machine, which comes back to a port of it (RFC 8252 section 7.3). The port answers
 * whatever else a browser asks it for, as often as it likes; only the answer with our own state ends the waiting.
 */
export async function browserSignIn(signIn: SignIn): Promise<Tokens> {
  const { promise: code, resolve, reject } = Promise.withResolvers<string>();
  code.catch(() => {}); // It may fail before anybody waits for it.
  let state = "";
  using listener = listen((query) => {
    try {
      const found = codeFrom(query, state);
      if (found !== undefined) resolve(found);
      return found !== undefined;
    } catch (error) {
      reject(error);
      return false;
    }
  });
  const request = await authorizationRequest(signIn, listener.redirectUri);
  state = request.state;
  signIn.context.stderr(`Sign in at this address (a browser may have opened there already):\n\n  ${request.url}\n\n`);
  openBrowser(request.url, signIn.context.env);
  const answer = await orExpired(code, signIn.expires);
  return await redeem(signIn, { code: answer, redirectUri: listener.redirectUri, verifier: request.verifier });
}

/** Gives up when the time is over. */
export async function orExpired<T>(work: Promise<T>, expires: AbortSignal): Promise<T> {
  const expired = new Promise<never>((_, reject) => {
    const fail = () => reject(new Failure("nobody signed in in time", "try again: waybill auth login"));
    if (expires.aborted) fail();
    else expires.addEventListener("abort", fail, { once: true });
  });
  return await Promise.race([work, expired]);
}

const closingMilliseconds = 500;

/** A port of this machine's own address, not of its network. `isAnswer` says whether a query was what we wait for. */
function listen(isAnswer: (query: URLSearchParams) => boolean) {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname !== "/" || searchParams.size === 0) return page(404, "There is nothing here.");
      if (isAnswer(searchParams)) return page(200, "You are signed in. You may close this window.");
      return page(400, "That did not sign you in. The terminal says more, or waits for another answer.");
    },
  });
  return {
    redirectUri: `http://127.0.0.1:${server.port}/`,
    [Symbol.dispose]() {
      // The browser still waits for its page; after that its connection is of no use.
      server.stop();
      setTimeout(() => server.stop(true), closingMilliseconds);
    },
  };
}

/** Nothing of the request is repeated, and nothing may be loaded or kept. */
function page(status: number, text: string): Response {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    connection: "close",
  };
  return new Response(`<!doctype html><title>Waybill</title><p>${text}</p>\n`, { status, headers });
}
