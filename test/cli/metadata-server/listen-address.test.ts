import { describe, expect, test } from "bun:test";
import { UsageError } from "../../../src/cli/command.ts";
import { hostOf, parseListenAddress } from "../../../src/cli/metadata-server/listen-address.ts";

describe("an address of a metadata server", () => {
  test.each([
    ["172.17.0.1:8091", { address: "172.17.0.1", port: 8091 }],
    ["127.0.0.1:0", { address: "127.0.0.1", port: 0 }],
    ["[fd00::1]:8091", { address: "fd00::1", port: 8091 }],
    ["[::1]:65535", { address: "::1", port: 65_535 }],
  ])("%s is one", (text, expected) => {
    expect(parseListenAddress(text)).toEqual(expected);
    expect(hostOf(expected)).toBe(text);
  });

  test("of the sixth version is written as clients write it", () => {
    expect(parseListenAddress("[FD00:0:0::0:1]:80")).toEqual({ address: "fd00::1", port: 80 });
  });

  test.each(["0.0.0.0:8091", "[::]:8091", "[0:0:0:0:0:0:0:0]:8091", "[::0]:1", "[::ffff:0.0.0.0]:80"])(
    "%s is refused: it is every network at once",
    (text) => {
      expect(() => parseListenAddress(text)).toThrow("every network");
    },
  );

  test.each([
    "",
    ":8091",
    "8091",
    "172.17.0.1",
    "localhost:8091",
    "*:80",
    "::1:80",
    "[127.0.0.1]:80",
    "1.2.3.4:65536",
    "0:80",
    "[::%lo]:80",
    "[fe80::1%eth0]:80",
  ])("%j is none", (text) => {
    expect(() => parseListenAddress(text)).toThrow(UsageError);
  });
});
