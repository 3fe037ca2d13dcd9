// What a metadata server tells, as the tree that its paths walk:
//
//   computeMetadata/v1/
//   ├── instance/service-accounts/{default,EMAIL}/{aliases,email,identity,scopes,token}
//   ├── project/{project-id,numeric-project-id}
//   └── universe/universe-domain
//
// These are the paths that gcloud, Google's libraries and docker-credential-gcr ask for.

/** Made when asked for, and never part of a listing of values. */
export type Minted = { readonly minted: "token" | "identity" };
export type Leaf = string | number | readonly string[];
export type Tree = { readonly [name: string]: Tree | Leaf | Minted };
export type Node = Tree | Leaf | Minted;

/** What there is to tell about a host. */
export type InstanceFacts = {
  readonly email: string;
  readonly scopes: readonly string[];
  readonly projectId: string;
  /** Digits; gcloud takes nothing else. */
  readonly projectNumber: string;
};

export function metadataTree({ email, scopes, projectId, projectNumber }: InstanceFacts): Tree {
  const account: Tree = {
    aliases: ["default"],
    email,
    identity: { minted: "identity" },
    scopes,
    token: { minted: "token" },
  };
  return {
    instance: { "service-accounts": { [email]: account, default: account } },
    project: { "numeric-project-id": Number(projectNumber), "project-id": projectId },
    universe: { "universe-domain": "googleapis.com" },
  };
}

/** What a path leads to, or undefined. `path` is what follows `/computeMetadata/v1/`, decoded. */
export function findNode(tree: Tree, path: readonly string[]): Node | undefined {
  let node: Node = tree;
  for (const name of path) {
    if (!isTree(node) || !Object.hasOwn(node, name)) return undefined;
    node = (node as Tree)[name] as Node;
  }
  return node;
}

export function isTree(node: Node): node is Tree {
  return typeof node === "object" && !Array.isArray(node) && !isMinted(node);
}

export function isMinted(node: Node): node is Minted {
  return typeof node === "object" && !Array.isArray(node) && typeof (node as Minted).minted === "string";
}

/** As text: the names in a folder, a value, or several, a line each. */
export function asText(node: Tree | Leaf): string {
  if (typeof node === "string" || typeof node === "number") return String(node);
  const lines = isList(node) ? node : Object.entries(node).map(([name, below]) => (isTree(below) ? `${name}/` : name));
  return lines.map((line) => `${line}\n`).join("");
}

/** As JSON, with everything below it; names are written as Google writes them there (`projectId`). */
export function asJson(node: Tree | Leaf): unknown {
  if (typeof node === "string" || typeof node === "number" || isList(node)) return node;
  const values = Object.entries(node).filter((entry): entry is [string, Tree | Leaf] => !isMinted(entry[1]));
  return Object.fromEntries(values.map(([name, below]) => [camelCase(name), asJson(below)]));
}

function isList(node: Tree | Leaf): node is readonly string[] {
  return Array.isArray(node);
}

/** An account's e-mail stays as it is. */
function camelCase(name: string): string {
  return name.includes("@") ? name : name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
