import { expect, test } from "bun:test";
import { hostOf, parseS3Address, wrongBlobsAddress } from "../../../src/storage/blobs/s3-address.ts";

const good: [string, object][] = [
  [
    "s3://bucket",
    {
      bucket: "bucket",
      prefix: "",
      endpoint: "https://s3.us-east-1.amazonaws.com/",
      region: "us-east-1",
      pathStyle: false,
    },
  ],
  ["s3://bucket?region=eu-west-1", { endpoint: "https://s3.eu-west-1.amazonaws.com/", region: "eu-west-1" }],
  [
    "s3://bucket/a/b/?endpoint=http://127.0.0.1:7480",
    { prefix: "a/b/", endpoint: "http://127.0.0.1:7480/", pathStyle: true },
  ],
  ["s3://my.bucket/?endpoint=https://minio.test&path-style=no", { bucket: "my.bucket", prefix: "", pathStyle: false }],
];
test.each(good)("parseS3Address reads %s", (text, expected) => {
  const { endpoint, ...address } = parseS3Address(text);
  expect({ ...address, endpoint: endpoint.href }).toMatchObject(expected);
  expect(wrongBlobsAddress(text)).toBeUndefined();
});

const bad: [string, RegExp][] = [
  ["gs://bucket", /neither a folder nor/],
  ["https://bucket.s3.amazonaws.com", /neither a folder nor/],
  ["s3://", /names no bucket/],
  ["s3://B_CKET", /names no bucket/],
  ["s3://ab", /names no bucket/],
  ["s3://bucket/a//b", /single slashes/],
  ["s3://bucket/a%20b", /single slashes/],
  ["s3://AKIA:secret@bucket", /no credentials/],
  ["s3://bucket?endpoint=https://AKIA:secret@host", /endpoint/],
  ["s3://bucket?endpoint=https://host/path", /endpoint/],
  ["s3://bucket?endpoint=host:9000", /endpoint/],
  ["s3://bucket?secret-key=x", /unknown parameter secret-key/],
  ["s3://bucket?region=../x", /region/],
  ["s3://bucket?path-style=maybe", /yes or no/],
];
test.each(bad)("parseS3Address refuses %s", (text, message) => {
  expect(wrongBlobsAddress(text)).toMatch(message);
  expect(wrongBlobsAddress(text)).not.toContain("secret@");
});

test("hostOf names the host that clients are sent to", () => {
  expect(hostOf(parseS3Address("s3://bucket"))).toBe("bucket.s3.us-east-1.amazonaws.com");
  expect(hostOf(parseS3Address("s3://bucket?endpoint=https://minio.test:9000"))).toBe("minio.test");
});
