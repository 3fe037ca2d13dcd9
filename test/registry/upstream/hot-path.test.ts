import { afterAll, beforeAll, expect, test } from "bun:test";
import { bearer, startTestServer, type TestServer } from "../../server.ts";
import { pushImage, type SmallImage, smallImage } from "../small-image.ts";

let server: TestServer;
let image: SmallImage;
let token: string;
let asked: string[];

beforeAll(async () => {
  server = await startTestServer();
  const project = await server.project("plain");
  const { account, key } = await server.account(project, "robot", [[`project/${project.id}`, "roles/owner"]]);
  token = server.accessToken(account, key);
  image = smallImage("hot");
  await pushImage(server, "plain/app", "1", image, token);
  asked = countQuestions(server);
});
afterAll(() => server.close());

/** Notes every question to the database from now on. */
function countQuestions({ metadata }: TestServer): string[] {
  const questions: string[] = [];
  const hot = metadata.hot as unknown as Record<string, (...given: unknown[]) => unknown>;
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(hot)).filter((each) => each !== "constructor")) {
    const ask = hot[name]?.bind(hot);
    hot[name] = (...given) => {
      questions.push(name);
      return ask?.(...given);
    };
  }
  const { read } = metadata;
  const selectFrom = read.selectFrom.bind(read);
  Object.assign(read, {
    selectFrom: (...given: Parameters<typeof selectFrom>) => {
      questions.push(`select from ${String(given[0])}`);
      return selectFrom(...given);
    },
  });
  return questions;
}

test("a pull from an ordinary project asks the database nothing about caches", async () => {
  const [blob] = image.blobs;
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(blob ?? "").digest("hex")}`;
  const pulls: [string, string, string[]][] = [
    ["GET", "manifests/1", ["policyVersion", "taggedManifest"]],
    ["GET", `manifests/${image.digest}`, ["policyVersion", "manifest"]],
    ["HEAD", "manifests/1", ["policyVersion", "tagDigest", "manifestHead"]],
    ["GET", `blobs/${digest}`, ["policyVersion", "blob"]],
  ];
  for (const [method, path, questions] of pulls) {
    const pull = () => server.fetch(`/v2/plain/app/${path}`, { method, headers: bearer(token) });
    // Once, so that the caller is known.
    expect((await pull()).status).toBe(200);
    // Whoever asks the same within a second is answered without a question.
    for (const [milliseconds, expected] of [
      [1000, questions],
      [0, []],
    ] as const) {
      server.clock.now += milliseconds;
      asked.length = 0;
      expect((await pull()).status).toBe(200);
      expect([path, asked]).toEqual([path, [...expected]]);
    }
  }
});
