/** Tables of exchanges with a registry in this process: what is sent, and what must come back. */
import { expect } from "bun:test";
import { scope } from "../../../src/identity/scopes.ts";
import type { Schema } from "../../../src/storage/metadata/schema.ts";
import { bearer, startTestServer } from "../../server.ts";

/** One request and its answer. */
export interface Exchange {
  /** `PUT /v2/my-project/image/manifests/latest`; `{location}` is the Location that came last. */
  readonly send: string;
  /** Who sends it; the pusher where nobody is named. */
  readonly as?: keyof Registry["callers"];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string | ReadableStream<Uint8Array>;
  readonly status: number;
  /** Headers that the answer has; `undefined` for one that it must not have. */
  readonly gives?: Readonly<Record<string, string | RegExp | undefined>>;
  /** The answer's body: bytes exactly, or JSON. */
  readonly bytes?: Uint8Array | string;
  readonly json?: unknown;
  /** The code of the answer's first error, and what its message says. */
  readonly code?: string;
  readonly message?: RegExp;
}

export type Registry = Awaited<ReturnType<typeof startRegistry>>;

/** A registry with `my-project` and `other-project`, and callers with different rights. */
export async function startRegistry() {
  const server = await startTestServer();
  const [project, other] = [await server.project("my-project"), await server.project("other-project")];
  const [mine, others] = [`project/${project.id}`, `project/${other.id}`] as const;
  const admin = "roles/artifactregistry.repoAdmin";
  const pusher = await server.account(project, "pusher", [[mine, admin]]);
  const both = await server.account(project, "both-projects", [
    [mine, admin],
    [others, admin],
  ]);
  const writer = await server.account(project, "writer", [[mine, "roles/artifactregistry.writer"]]);
  const reader = await server.account(project, "reader", [[mine, "roles/artifactregistry.reader"]]);
  const stranger = await server.account(project, "stranger");
  const tokenOf = ({ account, key }: typeof pusher, scopes?: string[]) => server.accessToken(account, key, scopes);
  return {
    server,
    project,
    accounts: { pusher, both, writer, reader, stranger },
    callers: {
      nobody: {},
      pusher: bearer(tokenOf(pusher)),
      both: bearer(tokenOf(both)),
      writer: bearer(tokenOf(writer)),
      reader: bearer(tokenOf(reader)),
      stranger: bearer(tokenOf(stranger)),
      "pusher with a read-only scope": bearer(tokenOf(pusher, [scope.storageReadOnly])),
      "pusher with scopes of other things": bearer(tokenOf(pusher, ["https://www.googleapis.com/auth/compute"])),
    },
  };
}

/** Plays exchanges in their order, each checked; answers the last Location. */
export async function play({ server, callers }: Registry, exchanges: readonly Exchange[]): Promise<string> {
  let location = "";
  for (const exchange of exchanges) {
    const [method = "", path = ""] = exchange.send.replace("{location}", location).split(" ");
    const answer = await server.fetch(path, {
      method,
      headers: { ...callers[exchange.as ?? "pusher"], ...exchange.headers },
      ...(exchange.body !== undefined && { body: exchange.body }),
    });
    const bytes = await answer.bytes();
    const text = Buffer.from(bytes).toString();
    expect({ send: exchange.send, status: answer.status, text }).toEqual({
      send: exchange.send,
      status: exchange.status,
      text,
    });
    expect(answer.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
    for (const [name, value] of Object.entries(exchange.gives ?? {})) {
      const given = answer.headers.get(name);
      if (value instanceof RegExp) expect(given).toMatch(value);
      else expect({ [name]: given }).toEqual({ [name]: value ?? null });
    }
    if (exchange.bytes !== undefined) expect(text).toBe(Buffer.from(exchange.bytes).toString());
    if (exchange.json !== undefined) expect(JSON.parse(text)).toEqual(exchange.json);
    if (exchange.code !== undefined) expectError(text, exchange.code, exchange.message);
    location = answer.headers.get("location") ?? location;
  }
  expect(server.logged).toEqual([]);
  return location;
}

/** distribution-spec, Error Codes: `{"errors":[{code, message, detail?}]}`. */
function expectError(text: string, code: string, message: RegExp | undefined): void {
  const { errors, ...rest } = JSON.parse(text);
  expect(rest).toEqual({});
  expect(errors).toHaveLength(1);
  expect(errors[0].code).toBe(code);
  expect(errors[0].message).toMatch(message ?? /^.{10,300}$/);
}

/** Everything that a push may write. */
export const tables = [
  "repositories",
  "uploads",
  "objects",
  "blobs",
  "blob_links",
  "manifests",
  "manifest_references",
  "tags",
  "tag_history",
] as const satisfies readonly (keyof Schema)[];

/** Everything that a push may leave behind: how many rows of each table, and the objects. */
export async function remains({ server }: Registry): Promise<Record<string, unknown>> {
  const counted: Record<string, unknown> = {};
  for (const table of tables)
    counted[table] = (await server.metadata.read.selectFrom(table).selectAll().execute()).length;
  const objects = [
    ...(await Array.fromAsync(server.store.shelves())),
    ...(await Array.fromAsync(server.store.unfinished())),
  ];
  counted.files = objects.flat().sort();
  return counted;
}

export function digestOf(content: string | Uint8Array, algorithm: "sha256" | "sha512" = "sha256"): string {
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(content).digest("hex")}`;
}

/** Bytes in several pieces, as a connection brings them. */
export function inPieces(...pieces: readonly string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async start(controller) {
      for (const piece of pieces) {
        controller.enqueue(Buffer.from(piece));
        await Bun.sleep(1);
      }
      controller.close();
    },
  });
}

/** Pushes blobs and answers their descriptors. */
export async function pushBlobs(registry: Registry, repository: string, ...contents: readonly string[]) {
  for (const content of contents) {
    const send = `POST /v2/${repository}/blobs/uploads/?digest=${digestOf(content)}`;
    await play(registry, [{ send, as: "both", body: content, status: 201 }]);
  }
  return contents.map((content) => descriptor("application/octet-stream", content));
}

export function descriptor(mediaType: string, content: string) {
  return { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) };
}

/** A credential that proves nobody is refused wherever it comes: 401, a challenge, and a word on what is wrong. */
export async function expectRefused(
  registry: Registry,
  headers: Readonly<Record<string, string>>,
  message: RegExp,
): Promise<void> {
  const gives = {
    "www-authenticate": 'Bearer realm="http://localhost:5000/v2/token",service="localhost:5000",error="invalid_token"',
  };
  const refused = { as: "nobody", headers, status: 401, code: "UNAUTHORIZED", message, gives } as const;
  await play(registry, [
    { send: "GET /v2/", ...refused },
    { send: `GET /v2/my-project/image/blobs/${digestOf("layer")}`, ...refused },
    { send: `POST /v2/my-project/image/blobs/uploads/?digest=${digestOf("x")}`, body: "x", ...refused },
    { send: "PUT /v2/my-project/image/manifests/latest", body: "{}", ...refused },
    { send: "DELETE /v2/my-project/image/manifests/latest", ...refused },
    { ...refused, send: "GET /v2/token", gives: { "www-authenticate": 'Basic realm="localhost:5000"' } },
  ]);
}
