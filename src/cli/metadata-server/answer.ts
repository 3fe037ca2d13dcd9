import { parseScope } from "../../sources/scope.ts";
import { asJson, asText, findNode, isMinted, isTree, type Leaf, type Tree } from "./metadata-tree.ts";
import type { Workshop } from "./workshop.ts";

const root = "/computeMetadata/v1";
const audienceCharactersMax = 1024;
/** On every answer: by this header clients know that it is a metadata server that answers. */
export const flavour = { "metadata-flavor": "Google", server: "Metadata Server for VM" } as const;

/** What a path was answered with, and what the log says of it. */
export type Answered = { readonly response: Response; readonly note?: string };

/** Answers a request that was let in. Throws what the account's token source throws. */
export async function answer(url: URL, tree: Tree, workshop: Workshop): Promise<Answered> {
  if (url.pathname === "/") return { response: text("computeMetadata/\n") };
  if (url.pathname !== root && !url.pathname.startsWith(`${root}/`)) return notFound();
  const node = findNode(tree, partsOf(url.pathname.slice(root.length)));
  if (node === undefined) return notFound();
  if (!isMinted(node)) return { response: told(node, url.searchParams) };
  return node.minted === "token" ? await token(url.searchParams, workshop) : await identity(url.searchParams, workshop);
}

function told(node: Tree | Leaf, parameters: URLSearchParams): Response {
  const isRecursive = isTree(node) && /^true$/i.test(parameters.get("recursive") ?? "");
  const wantsJson = parameters.get("alt") === "json" || (isRecursive && parameters.get("alt") !== "text");
  return wantsJson ? json(asJson(node)) : text(asText(node));
}

async function token(parameters: URLSearchParams, { scopes, accessToken }: Workshop): Promise<Answered> {
  const asked = parameters
    .getAll("scopes")
    .flatMap((list) => list.split(/[, ]+/))
    .filter((scope) => scope !== "");
  if (asked.length > 50 || asked.some((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(scope)))
    return refused(400, "scopes: not a list of scopes");
  const wanted = asked.map(parseScope);
  const beyond = scopes.beyond(wanted);
  if (beyond.length > 0)
    return refused(403, `scopes: this host was not given ${beyond.join(", ")}; it has ${scopes.all.join(", ")}`);
  const chosen = scopes.chosen(wanted);
  const { token: secret, secondsLeft } = await accessToken(chosen);
  const answer = { access_token: secret.reveal(), expires_in: secondsLeft, token_type: "Bearer" };
  return { response: json(answer), note: chosen.join(",") };
}

/** `format=full` would add the facts of a virtual machine, of which there are none: the plain form is a part of it. */
async function identity(parameters: URLSearchParams, { idToken }: Workshop): Promise<Answered> {
  const audience = parameters.get("audience") ?? "";
  if (audience === "" || audience.length > audienceCharactersMax || /\p{Cc}/u.test(audience))
    return refused(400, "audience: missing, or not one");
  const format = parameters.get("format") ?? "standard";
  if (format !== "standard" && format !== "full") return refused(400, "format: standard or full");
  return { response: text((await idToken(audience)).reveal()), note: `audience ${audience}` };
}

/** `/a//b/` is a, b; an e-mail may come with its @ encoded. */
function partsOf(path: string): string[] {
  try {
    return path
      .split("/")
      .filter((part) => part !== "")
      .map(decodeURIComponent);
  } catch {
    return [""];
  }
}

function text(body: string): Response {
  return new Response(body, { headers: { ...flavour, "content-type": "application/text" } });
}

function json(body: unknown): Response {
  return Response.json(body, { headers: { ...flavour, "cache-control": "no-store" } });
}

function notFound(): Answered {
  return refused(404, "there is nothing at this path");
}

/** @param reason also goes to the log */
export function refused(status: number, reason: string): Answered {
  const headers = { ...flavour, "content-type": "text/plain" };
  return { response: new Response(`${reason}\n`, { status, headers }), note: reason };
}
