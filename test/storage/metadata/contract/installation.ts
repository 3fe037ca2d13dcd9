import { expect, test } from "bun:test";
import {
  chooseOnce,
  raisePolicyVersion,
  readInstallation,
  readPolicyVersion,
} from "../../../../src/storage/metadata/installation.ts";
import {
  insertSigningKey,
  listSigningKeys,
  retireSigningKey,
  startSigningKey,
  supersedeSigningKey,
} from "../../../../src/storage/metadata/signing-keys.ts";
import type { Suite } from "../databases.ts";
import { now } from "../fixtures.ts";

export function installation(suite: Suite): void {
  test("nothing is chosen at first; the first choice stays, whoever else chooses", async () => {
    expect(await readInstallation(suite.metadata.read)).toEqual(new Map());
    const choices = Array.from({ length: 20 }, (_, index) => `domain-${index}.example`);
    await Promise.all(
      choices.map((choice) => suite.metadata.write((write) => chooseOnce(write, "accountDomain", choice))),
    );
    const chosen = (await readInstallation(suite.metadata.read)).get("accountDomain") as string;
    expect(choices).toContain(chosen);
    await suite.metadata.write((write) => chooseOnce(write, "accountDomain", "late.example"));
    await suite.metadata.write((write) => chooseOnce(write, "compatibility", "oci"));
    expect(await readInstallation(suite.metadata.read)).toEqual(
      new Map([
        ["accountDomain", chosen],
        ["compatibility", "oci"],
      ]),
    );
  });

  test("signing keys come newest first, without those retired", async () => {
    const keys = [1, 3, 2].map((age) => ({
      id: `key-${age}`,
      use: "registry-token",
      algorithm: "EdDSA",
      privateKey: "-----BEGIN PRIVATE KEY-----",
      createdAt: now - age,
      signsFrom: null,
      supersededAt: null,
    }));
    for (const key of keys) await suite.metadata.write((write) => insertSigningKey(write, key));
    expect((await listSigningKeys(suite.metadata.read)).map(({ id }) => id)).toEqual(["key-1", "key-2", "key-3"]);
    await suite.metadata.write(async (write) => {
      await startSigningKey(write, "key-1", now);
      await startSigningKey(write, "key-3", now - 3);
      await supersedeSigningKey(write, "key-3", now);
      await retireSigningKey(write, "key-2", now);
    });
    expect(await listSigningKeys(suite.metadata.read)).toEqual([
      { ...keys[0], signsFrom: now },
      { ...keys[1], signsFrom: now - 3, supersededAt: now },
    ] as never);
  });

  test("the policy version starts at 1 and counts every change of a hundred at once", async () => {
    expect(await readPolicyVersion(suite.metadata.read)).toBe(1);
    await Promise.all(Array.from({ length: 100 }, () => suite.metadata.write(raisePolicyVersion)));
    expect(await readPolicyVersion(suite.metadata.read)).toBe(101);
  }, 30_000);
}
