import { describe, expect, test } from "bun:test";
import { Administration, apiPath, Refused } from "../../src/client/administration.ts";
import type { Failure } from "../../src/sources/failure.ts";
import { Secret } from "../../src/sources/secret.ts";
import type { Server } from "../../src/sources/server.ts";

/** A server that answers in turn with what it is given, and remembers what it was asked. */
function fakeServer(...answers: (Response | Error)[]) {
  const requests: Request[] = [];
  const fetch = async (request: Request) => {
    requests.push(request);
    const answer = answers.shift();
    if (!answer || answer instanceof Error) throw answer ?? new Error("asked once too often");
    return answer;
  };
  const caller = {
    email: "me@p.test",
    server: "http://localhost:5000" as Server,
    accessToken: async () => new Secret("t0ken"),
  };
  return { requests, administration: new Administration(caller, fetch) };
}

const status = (code: number, word: string, message: string) =>
  Response.json({ error: { code, status: word, message } }, { status: code });

async function failureOf(answer: Response | Error): Promise<Failure> {
  const { administration } = fakeServer(answer);
  return (await administration.call("GET", "/v1/projects").catch((error) => error)) as Failure;
}

describe("Administration", () => {
  test("sends the token to the server only, and follows no redirect", async () => {
    const { administration, requests } = fakeServer(
      Response.json({ name: "x" }),
      Response.redirect("https://evil.example/", 307),
    );
    expect(await administration.call("POST", apiPath`/v1/projects/${"a:b/c"}`, { x: 1 })).toEqual({ name: "x" });
    await expect(administration.call("GET", "/v1/projects")).rejects.toThrow("answered with status 307");
    const [first, second] = requests;
    expect(first?.url).toBe("http://localhost:5000/v1/projects/a%3Ab%2Fc");
    expect(first?.headers.get("authorization")).toBe("Bearer t0ken");
    expect(await first?.json()).toEqual({ x: 1 });
    expect(second?.redirect).toBe("manual");
    expect(requests).toHaveLength(2);
  });

  test("refuses to send a token in clear", () => {
    const caller = {
      email: "me@p.test",
      server: "http://registry.example" as Server,
      accessToken: async () => new Secret("t"),
    };
    expect(() => new Administration(caller, fetch)).toThrow("without encryption");
  });

  test("lists page after page", async () => {
    const pages = [{ roles: [1, 2], nextPageToken: "a/b" }, { nextPageToken: "c" }, { roles: [3] }];
    const { administration, requests } = fakeServer(...pages.map((page) => Response.json(page)));
    expect(await administration.list<unknown>("/v1/roles", "roles")).toEqual([1, 2, 3]);
    expect(requests.map(({ url }) => new URL(url).search)).toEqual(["", "?pageToken=a%2Fb", "?pageToken=c"]);
  });

  test.each([
    [
      status(403, "PERMISSION_DENIED", "no\u001b[2J\nway"),
      "http://localhost:5000 refused: no [2J way",
      "add-iam-policy-binding",
    ],
    [status(401, "UNAUTHENTICATED", "expired"), "does not believe me@p.test: expired", "waybill auth list"],
    [status(404, "NOT_FOUND", "gone"), "http://localhost:5000 refused: gone", undefined],
    [new Response("<html>", { status: 200 }), "answered with status 200 and nothing else", "Waybill server"],
    [new Response("null", { status: 502 }), "answered with status 502 and nothing else", "Waybill server"],
    [new Error("connection refused"), "http://localhost:5000 does not answer: connection refused", "is it running"],
  ])("says in one line what went wrong: %#", async (answer, message, hint) => {
    const failure = await failureOf(answer);
    expect(failure.message).toContain(message);
    expect(failure.message).not.toContain("\n");
    expect(`${failure.message}${failure.hint}`).not.toContain("t0ken");
    if (hint === undefined) expect(failure.hint).toBeUndefined();
    else expect(failure.hint).toContain(hint);
  });

  test("keeps the server's word for a refusal", async () => {
    const failure = await failureOf(status(409, "ABORTED", "concurrent"));
    expect(failure).toBeInstanceOf(Refused);
    expect((failure as Refused).status).toBe("ABORTED");
  });
});
