import { describe, expect, test } from "bun:test";
import { KeptBody } from "../../../src/cli/trace/kept-body.ts";

describe("what a client sends is kept", () => {
  const rows: [method: string, url: string, isKept: boolean][] = [
    ["POST", "https://gcr.io/v2/p/i/blobs/uploads/", true],
    ["PATCH", "https://gcr.io/v2/p/i/blobs/uploads/id?_state=x", true],
    ["PUT", "https://gcr.io/v2/p/i/manifests/1", true],
    ["PATCH", "https://gcr.io/artifacts-uploads/namespaces/p/repositories/i/uploads/x", true],
    ["POST", "https://gcr.io/v2/token", false],
    ["POST", "https://oauth2.googleapis.com/token", false],
    ["POST", "https://sts.googleapis.com/v1/token", false],
    ["POST", "https://gcr.io/token?x=/v2/p/manifests/1", false],
    ["DELETE", "https://gcr.io/v2/p/i/manifests/1", false],
    ["GET", "https://gcr.io/v2/p/i/manifests/1", false],
  ];
  test.each(rows)("%s %s: %p", (method, url, isKept) => {
    expect(KeptBody.for(method, url) !== undefined).toBe(isKept);
  });

  test("whole, in base64, and not at all when it is too long", () => {
    const body = KeptBody.for("PUT", "https://gcr.io/v2/p/i/manifests/1");
    expect(body?.text).toBeUndefined();
    body?.add(Buffer.from("ab"));
    body?.add(Buffer.from("c"));
    expect(body?.text).toBe(btoa("abc"));
    body?.add(new Uint8Array(4 * 1024 * 1024));
    expect(body?.text).toBeUndefined();
  });
});
