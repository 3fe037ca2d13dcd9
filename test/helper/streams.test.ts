// Callers of a helper are other programs, and what they give it as standard input and output is not always a fresh pipe.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { Home } from "./home.ts";

let home: Home;
beforeAll(async () => {
  home = new Home();
  await home.activate();
});
afterAll(() => home[Symbol.dispose]());

/** Runs a line of shell in which `helper` is ours. */
function shell(line: string) {
  const [program, main] = home.command([]);
  const script = `helper() { '${program}' '${main}' docker-credential-waybill "$@"; }; ${line}`;
  return home.run(["/bin/sh", "-c", script], { env: { PATH: process.env.PATH ?? "" } });
}

describe("get reads a host", () => {
  const rows: [what: string, line: string][] = [
    ["that comes in pieces", "(printf local; sleep 0.2; printf host:50; sleep 0.2; printf 00) | helper get"],
    ["that came before the pipe was closed", "(printf localhost:5000; sleep 0.3) | helper get"],
    ["from a file", "printf localhost:5000 > host; helper get < host"],
    ["with the end of a line", "echo localhost:5000 | helper get"],
  ];
  test.each(rows)("%s", async (_, line) => {
    const { exitCode, stdout, stderr } = await shell(line);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).ServerURL).toBe("localhost:5000");
  });

  test("but none from a standard input that is closed, or a device that has nothing", async () => {
    for (const line of ["helper get <&-", "helper get < /dev/null"]) {
      const { exitCode, stdout } = await shell(line);
      expect([line, exitCode, stdout]).toEqual([line, 1, "no credentials server URL\n"]);
    }
  });

  test("and stops reading where no host can be so long", async () => {
    const { exitCode, stdout } = await shell("yes | helper get");
    expect(exitCode).toBe(1);
    expect(stdout).toBe("a line of the input has more than 65535 bytes\n");
  });
});

describe("an answer that cannot be written", () => {
  test("is no failure when nobody reads it", async () => {
    const { exitCode, stderr } = await shell(
      "(sleep 0.3; echo localhost:5000 | helper get; echo $? > code) | true; cat code >&2",
    );
    expect(exitCode).toBe(0);
    expect(stderr).toBe("0\n");
  });

  test.skipIf(!existsSync("/dev/full"))("is one when the disk is full", async () => {
    const { exitCode, stderr } = await shell("echo localhost:5000 | helper get > /dev/full");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^waybill: error: the answer cannot be written: ENOSPC.*\n$/);
  });
});
