import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Home } from "../helper/home.ts";

// A real keyring daemon (GNOME's) on a session bus of its own, with and without being unlocked.

const needs = ["dbus-run-session", "gnome-keyring-daemon"];
const lacking = needs.filter((program) => Bun.which(program) === null);
const required = process.env.WAYBILL_REQUIRE_CLIENTS === "1";
const script = join(import.meta.dir, "keychain-session.ts");

async function session(home: Home, startKeyring: string) {
  const command = `${startKeyring}; exec '${process.execPath}' '${script}'`;
  const env = {
    ...home.env,
    PATH: process.env.PATH,
    XDG_RUNTIME_DIR: home.path("run"),
    XDG_DATA_HOME: home.path("data"),
  };
  const child = Bun.spawn(["dbus-run-session", "--", "sh", "-c", command], { env, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  expect({ exitCode: await child.exited, stderr: stdout === "" ? stderr : "" }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe("a refresh token in the system's keychain", () => {
  if (lacking.length > 0 && !required) {
    test.skip(`skipped: needs ${lacking.join(", ")}`, () => {});
    return;
  }

  test("is kept, replaced, read and forgotten, and is in no file", async () => {
    using home = new Home();
    const keyring = "printf password | gnome-keyring-daemon --unlock --components=secrets > /dev/null 2>&1";
    expect(await session(home, keyring)).toEqual({
      keptIn: "keychain",
      again: "keychain",
      read: "refresh-2",
      after: "gone",
    });
    expect(home.has(".config/waybill/accounts/me@example.com.json")).toBe(false);
  }, 60_000);

  test("goes to a file of the owner's where no keychain is open", async () => {
    using home = new Home();
    expect(await session(home, "true")).toMatchObject({ keptIn: "file", read: "refresh-2", after: "gone" });
  }, 60_000);
});
