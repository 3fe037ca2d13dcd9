import { scope } from "../../../src/identity/scopes.ts";
import type { ResourceKey } from "../../../src/storage/metadata/schema.ts";
import { bearer, startTestServer, type TestServer } from "../../server.ts";

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
  readonly headers: Headers;
}

/** Sends `POST /v1/projects` with a JSON body, as somebody. */
export type Send = (line: string, body?: unknown) => Promise<Answer>;

export function sender(server: TestServer, token: string): Send {
  return async (line, body) => {
    const [method = "", path = ""] = line.split(" ");
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { ...bearer(token), ...(body !== undefined && { "content-type": "application/json" }) };
    return await read(await server.fetch(path, { method, headers, ...json }));
  };
}

export async function read(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** A server with two projects and somebody who owns it all; `as` makes more people, each with their roles. */
export async function startWorld() {
  const server = await startTestServer();
  const shop = await server.project("shop");
  const other = await server.project("other");
  let counter = 0;
  const member = async (roles: readonly [ResourceKey, string][], scopes: readonly string[] = [scope.cloudPlatform]) => {
    const { account, key } = await server.account(other, `caller-${++counter}`, roles);
    return { account, key, send: sender(server, server.accessToken(account, key, scopes)) };
  };
  const as = async (...[roles, scopes]: Parameters<typeof member>) => (await member(roles, scopes)).send;
  const owner = await as([["installation", "roles/owner"]]);
  return { server, shop, other, owner, as, member };
}

export type World = Awaited<ReturnType<typeof startWorld>>;
