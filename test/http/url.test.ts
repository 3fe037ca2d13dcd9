import { describe, expect, test } from "bun:test";
import { pathOf, queryOf } from "../../src/http/url.ts";

const request = (url: string) => ({ url }) as Request;

describe("the path of a request", () => {
  test.each([
    ["http://localhost:5000/v2/", "/v2/", ""],
    ["http://localhost:5000/v2/a%2Fb?n=1", "/v2/a%2Fb", "1"],
    ["http://localhost:5000", "/", ""],
    ["http://localhost:5000/?n=http://x/y", "/", "http://x/y"],
    // What is left of a request whose Host is missing or malformed: no part of the path may pass for the host.
    ["/v2/token?n=1", "/v2/token", "1"],
    ["/x/v1/projects", "/x/v1/projects", ""],
    ["/?n=http://x/v1/projects", "/", "http://x/v1/projects"],
    ["/healthz", "/healthz", ""],
  ])("of %s is %s", (url, path, n) => {
    expect(pathOf(request(url))).toBe(path);
    expect(queryOf(request(url)).get("n") ?? "").toBe(n);
  });
});
