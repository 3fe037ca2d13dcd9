import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Kysely, KyselyPlugin } from "kysely";
import type { Schema } from "../../../src/storage/metadata/schema.ts";
import { startTestServer, type TestServer } from "../../server.ts";
import { fillMany } from "./many-images.ts";
import { signIn } from "./shop.ts";

/** What all that a browser asks for together may have. */
const pageBytesMax = 60 * 1024;

const pages = {
  projects: () => "/console/",
  project: () => "/console/projects/shop",
  "a later page": () => "/console/projects/shop?location=default&after=team-5",
  "a search": () => "/console/projects/shop?q=image-00007",
  images: () => "/console/projects/shop/images/default/app",
  tags: () => "/console/projects/shop/images/default/app?view=tags",
  "a later page of tags": () => "/console/projects/shop/images/default/app?view=tags&after=build-5",
  image: (digest: string) => `/console/projects/shop/images/default/app@${digest}`,
  delete: (digest: string) => `/console/projects/shop/delete/default/app@${digest}`,
  connect: () => "/console/projects/shop/connect",
  access: () => "/console/projects/shop/access",
} as const;

/** What looking at a page took. */
interface Cost {
  readonly statements: string[];
  rows: number;
  bytes: number;
}

let few: World;
let many: World;
type World = Awaited<ReturnType<typeof fill>>;

async function fill(repositories: number, tags: number) {
  const server = await startTestServer();
  const project = await server.project("shop");
  const digest = await fillMany(server, project.id, repositories, tags);
  const { headers } = await signIn(server, "olga@example.com", [["installation", "roles/owner"]]);
  const statements: { sql: string; rows: number }[] = [];
  watch(server, statements);
  return { server, digest, headers, statements };
}

/** Notes every statement with the rows that it answered. */
function watch({ metadata }: TestServer, statements: { sql: string; rows: number }[]): void {
  const read = metadata.read as unknown as Kysely<Schema>;
  const running = new WeakMap<object, string>();
  const plugin: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      running.set(queryId, read.getExecutor().compileQuery(node, queryId).sql);
      return node;
    },
    async transformResult({ queryId, result }) {
      statements.push({ sql: running.get(queryId) ?? "", rows: result.rows.length });
      return result;
    },
  };
  const watched = read.withPlugin(plugin);
  Object.assign(read, { selectFrom: watched.selectFrom.bind(watched) });
}

async function look({ server, digest, headers, statements }: World, page: keyof typeof pages): Promise<Cost> {
  const ask = async () => {
    statements.length = 0;
    const answer = await server.fetch(pages[page](digest), { headers });
    expect(answer.status).toBe(200);
    return await answer.text();
  };
  await ask();
  const text = await ask();
  const rows = statements.reduce((sum, each) => sum + each.rows, 0);
  return { statements: statements.map(({ sql }) => sql), rows, bytes: Buffer.byteLength(text) };
}

beforeAll(async () => {
  few = await fill(100, 100);
  many = await fill(10_000, 1000);
}, 60_000);
afterAll(async () => {
  await few.server.close();
  await many.server.close();
});

describe("with 10,000 repositories, 1,000 images and 2,000 tags", () => {
  test.each(Object.keys(pages) as (keyof typeof pages)[])(
    "a page costs what it costs with a hundred: %s",
    async (page) => {
      const [small, large] = [await look(few, page), await look(many, page)];
      expect(large.statements.length).toBe(small.statements.length);
      expect(large.rows).toBeLessThanOrEqual(Math.max(small.rows, 150));
      expect(large.bytes).toBeLessThan(small.bytes + 2048);
    },
  );

  test.each(Object.keys(pages) as (keyof typeof pages)[])("no statement walks through a table: %s", async (page) => {
    const { statements } = await look(many, page);
    const database = new Database(join(many.server.folder, "metadata.sqlite"), { readonly: true });
    const walks = statements.flatMap((sql) =>
      (database.query(`explain query plan ${sql}`).all() as { detail: string }[])
        .map(({ detail }) => detail)
        .filter(
          (detail) => /^SCAN (?!.*(?:USING|CONSTANT|t\d*$))/.test(detail) || detail.includes("TEMP B-TREE FOR ORDER"),
        )
        // The newest entries of the log are read along its key; one policy's bindings are bounded, and sorted here.
        .filter((detail) => detail !== "SCAN audit_entries" && !sql.includes('from "bindings"'))
        .map((detail) => `${detail}: ${sql}`),
    );
    database.close();
    expect(walks).toEqual([]);
  });

  test("is a page with its files small", async () => {
    const { headers, server } = many;
    for (const page of Object.keys(pages) as (keyof typeof pages)[]) {
      const text = await (await server.fetch(pages[page](many.digest), { headers })).text();
      let bytes = Buffer.byteLength(text);
      const files = new Set(
        [...text.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map(([, url]) => url ?? ""),
      );
      for (const url of files) bytes += (await (await server.fetch(url)).arrayBuffer()).byteLength;
      expect({ page, large: bytes > pageBytesMax }).toEqual({ page, large: false });
    }
  });
});
