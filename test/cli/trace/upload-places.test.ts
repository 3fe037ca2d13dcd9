import { expect, test } from "bun:test";
import { UploadPlaces } from "../../../src/cli/trace/upload-places.ts";

test("an upload's place is the one that today's server said, with what the client had added", () => {
  const places = new UploadPlaces("https://new.test");
  places.note("/v2/p/blobs/uploads/old?_state=[redacted]", "/v2/p/blobs/uploads/new?_state=s");
  expect(places.find("https://old.test/v2/p/blobs/uploads/old?_state=[redacted]&digest=sha256:0")).toBe(
    "https://new.test/v2/p/blobs/uploads/new?_state=s&digest=sha256%3A0",
  );
  expect(places.find("https://old.test/v2/p/blobs/uploads/other")).toBeUndefined();
});

test("a place at another host is none: it would get our credentials", () => {
  const places = new UploadPlaces("https://new.test");
  for (const evil of [
    "https://evil.test/upload",
    "//evil.test/upload",
    "http://new.test/upload",
    "https://new.test:8443/",
  ])
    places.note("/v2/p/blobs/uploads/old", evil);
  places.note("/v2/p/blobs/uploads/old", null);
  places.note(undefined, "/v2/p/blobs/uploads/new");
  expect(places.find("https://old.test/v2/p/blobs/uploads/old")).toBeUndefined();
});
