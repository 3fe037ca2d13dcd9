import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Door } from "../../../src/cli/metadata-server/door.ts";
import { GrantedScopes } from "../../../src/cli/metadata-server/granted-scopes.ts";
import { openListener } from "../../../src/cli/metadata-server/listener.ts";
import { createMetadataFace } from "../../../src/cli/metadata-server/metadata-face.ts";
import { metadataTree } from "../../../src/cli/metadata-server/metadata-tree.ts";
import { PeerLog } from "../../../src/cli/metadata-server/peer-log.ts";
import { openWorkshop } from "../../../src/cli/metadata-server/workshop.ts";
import { pullScope } from "../../../src/sources/scope.ts";
import { Secret } from "../../../src/sources/secret.ts";

const secret = "the-token";
const path = "/computeMetadata/v1/instance/service-accounts/default/token";
const flavour = "Metadata-Flavor: Google\r\n";

let listener: ReturnType<typeof openListener>;
let host: string;
let logged = "";
beforeAll(() => {
  listener = openListener({ address: "127.0.0.1", port: 0 });
  host = `127.0.0.1:${listener.port}`;
  const email = "instance@shop.iam.waybill.internal";
  const account = {
    email,
    accessToken: async () => ({ token: new Secret(secret), expiresAt: Date.now() / 1000 + 3600 }),
    idToken: async () => new Secret("a.b.c"),
  };
  const scopes = new GrantedScopes([pullScope]);
  const write = (line: string) => {
    logged += line;
  };
  listener.answerWith(
    createMetadataFace({
      door: new Door([listener], []),
      tree: metadataTree({ email, scopes: scopes.all, projectId: "shop", projectNumber: "1" }),
      workshop: openWorkshop(account, scopes, Date.now),
      log: new PeerLog(write, Date.now),
    }),
  );
});
afterAll(() => listener.stop());

/** Sends bytes as they are, and gives what comes back. */
async function send(bytes: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = "";
  const done = () => resolve(answer);
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: listener.port,
    socket: {
      data(_, chunk) {
        answer += chunk.toString();
        if (answer.includes("\r\n\r\n")) done();
      },
      close: done,
      error: done,
    },
  });
  socket.write(bytes);
  const text = await promise;
  socket.end();
  return text;
}

describe("on the wire, a token is given", () => {
  test("to who asks for it by the listener's name", async () => {
    expect(await send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${flavour}\r\n`)).toContain(secret);
    expect(logged).toContain(`127.0.0.1 GET ${path} 200`);
    expect(logged).not.toContain(secret);
  });

  const refused: readonly (readonly [string, () => string])[] = [
    ["without a name", () => `GET ${path} HTTP/1.1\r\n${flavour}\r\n`],
    ["in HTTP/1.0, without a name", () => `GET ${path} HTTP/1.0\r\n${flavour}\r\n`],
    ["by a name that is none", () => `GET ${path} HTTP/1.1\r\nHost: a b\r\n${flavour}\r\n`],
    ["by half an address", () => `GET ${path} HTTP/1.1\r\nHost: [::1\r\n${flavour}\r\n`],
    ["by a name with a user in it", () => `GET ${path} HTTP/1.1\r\nHost: evil@${host}\r\n${flavour}\r\n`],
    ["by a name with a path in it", () => `GET ${path} HTTP/1.1\r\nHost: ${host}/x\r\n${flavour}\r\n`],
    ["by two names", () => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nHost: evil.test\r\n${flavour}\r\n`],
    ["by another name", () => `GET http://${host}${path} HTTP/1.1\r\nHost: evil.test\r\n${flavour}\r\n`],
    ["with two flavours", () => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${flavour}${flavour}\r\n`],
    ["behind two slashes, as if they were the front page", () => `GET //${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
    [
      "with a body",
      () => `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${flavour}Content-Length: 5000\r\n\r\n${"a".repeat(5000)}`,
    ],
  ];
  test.each([...refused])("not %s", async (_how, request) => {
    const answer = await send(request());
    expect(answer).toMatch(/^HTTP\/1\.1 4[0-9][0-9] /);
    expect(answer).not.toContain(secret);
    expect(answer).not.toContain("<html");
  });
});

test("an address that is not this machine's, or a port that is taken, is told", () => {
  expect(() => openListener({ address: "192.0.2.77", port: 0 })).toThrow("cannot listen on 192.0.2.77:0");
  expect(() => openListener({ address: "127.0.0.1", port: listener.port })).toThrow("cannot listen on");
});
