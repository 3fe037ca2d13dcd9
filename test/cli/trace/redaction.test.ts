import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mask } from "../../../src/cli/mask.ts";
import { redactUrl, requestHeaders, responseHeaders } from "../../../src/cli/trace/exchange.ts";

const hush = "hush0123456789hush";

describe("a recording holds no secret", () => {
  const urls: [string, string][] = [
    [
      `https://a.test/token?account=me&scope=x&access_token=${hush}`,
      "https://a.test/token?account=me&scope=x&access_token=[redacted]",
    ],
    [`https://me:${hush}@a.test/v2/`, "https://a.test/v2/"],
    [`https://a.test/v2/#access_token=${hush}`, "https://a.test/v2/"],
    [
      `https://s3.test/b/k?X-Amz-Signature=${hush}&X-Amz-Credential=${hush}`,
      "https://s3.test/b/k?X-Amz-Signature=[redacted]&X-Amz-Credential=[redacted]",
    ],
    [
      `https://a.test/v2/p/blobs/uploads/1?_state=${hush}&digest=sha256:0`,
      "https://a.test/v2/p/blobs/uploads/1?_state=[redacted]&digest=sha256%3A0",
    ],
  ];
  for (const [url, shown] of urls) test(`in ${url}`, () => expect(redactUrl(url)).toBe(shown));

  test("in the headers of a request, which say only what kind of credential it was", () => {
    const basic = (text: string) => `Basic ${btoa(text)}`;
    const shown = (authorization: string) =>
      requestHeaders(new Headers({ authorization, cookie: hush, "x-token": hush, "proxy-authorization": hush }));
    expect(shown(`Bearer ${hush}`)).toEqual({ authorization: "Bearer [redacted]" });
    expect(shown(basic(`_token:${hush}`))).toEqual({ authorization: "Basic _token:[redacted]" });
    expect(shown(basic(`_json_key:{"private_key":"${hush}"}`))).toEqual({
      authorization: "Basic _json_key:[redacted]",
    });
    expect(shown(basic(`${hush}:x`))).toEqual({ authorization: "Basic [redacted]" });
    expect(shown(`AWS4-HMAC-SHA256 Credential=${hush}`)).toEqual({ authorization: "AWS [redacted]" });
  });

  test("in the headers of an answer", () => {
    const headers = new Headers({
      location: `/v2/p/blobs/uploads/1?_state=${hush}`,
      "www-authenticate": `Bearer realm="https://a.test/token",service="a.test",scope="repository:p:pull"`,
      "set-cookie": `session=${hush}`,
      "x-secret": hush,
    });
    expect(responseHeaders(headers)).toEqual({
      location: "/v2/p/blobs/uploads/1?_state=[redacted]",
      "set-cookie": "[redacted]",
      "www-authenticate": `Bearer realm="https://a.test/token",service="a.test",scope="repository:p:pull"`,
    });
  });

  test("in any text that a token or key stands in", () => {
    const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl";
    const texts = [
      jwt,
      "ya29.a0Af_x-y",
      `wba_${jwt}`,
      `Bearer ${hush}`,
      `{"access_token":"${hush}"}`,
      `password=${hush}`,
    ];
    const key = `-----BEGIN PRIVATE KEY-----\n${hush}\n-----END PRIVATE KEY-----`;
    for (const secret of [...texts, key, `"private_key": "x\\"${hush}"`, `https://u:${hush}@a.test`]) {
      const masked = mask(`before ${secret} after`);
      expect(masked).not.toMatch(/hush|eyJ|ya29\.a|c2ln/);
      expect(masked).toStartWith("before ");
    }
  });

  test("wherever a token is put into an address", () => {
    fc.assert(
      fc.property(fc.webQueryParameters(), fc.constantFrom("token", "code", "sig", "id_token"), (query, name) => {
        expect(redactUrl(`https://a.test/x?${query}&${name}=${hush}`)).not.toContain("hush");
      }),
    );
  });
});
