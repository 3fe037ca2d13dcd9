import { randomInt } from "node:crypto";
import {
  type DeviceCodeRow,
  deleteOldDeviceCodes,
  findDeviceCode,
  findWaitingDevice,
  insertDeviceCode,
  updateDeviceCode,
} from "../../storage/metadata/device-codes.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { hashOfSecret, newSecretText } from "../secret-text.ts";
import type { Granted, Logins } from "./logins.ts";

/** What a device is told (RFC 8628 section 3.2). */
export interface DeviceStart {
  readonly deviceCode: string;
  /** What a person types: `BCDF-GHJK`. */
  readonly userCode: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** What a device hears that asks for its tokens (RFC 8628 section 3.5). */
export type DeviceAnswer =
  | { readonly kind: "granted"; readonly granted: Granted }
  | { readonly kind: "pending" | "slow_down" | "denied" | "over" };

const lifetimeSeconds = 600;
const intervalSeconds = 5;
/** RFC 8628 section 3.5: who asks too soon waits so much longer from then on. */
const slowDownSeconds = 5;
const keepMilliseconds = 24 * 60 * 60 * 1000;
/** No vowels, so that no words come of it, and nothing that looks like something else (RFC 8628 section 6.1). */
const letters = "BCDFGHJKLMNPQRSTVWXZ";
const userCodeLetters = 8;

/** Devices without a browser, which wait for somebody to type a code in another one. */
export class Devices {
  readonly #metadata: Metadata;
  readonly #logins: Logins;
  readonly #now: () => number;

  constructor(metadata: Metadata, logins: Logins, now: () => number) {
    this.#metadata = metadata;
    this.#logins = logins;
    this.#now = now;
  }

  async start(clientId: string, scopes: string, address: string): Promise<DeviceStart> {
    const deviceCode = newSecretText();
    const userCode = newUserCode();
    const now = this.#now();
    await this.#metadata.write(async (write) => {
      await deleteOldDeviceCodes(write, now - keepMilliseconds);
      await insertDeviceCode(write, {
        codeHash: hashOfSecret(deviceCode),
        userCodeHash: hashOfSecret(userCode),
        clientId,
        scopes,
        address,
        createdAt: now,
        expiresAt: now + lifetimeSeconds * 1000,
        intervalSeconds,
      });
    });
    return { deviceCode, userCode, expiresInSeconds: lifetimeSeconds, intervalSeconds };
  }

  /** The device that waits with a code, as somebody typed it. */
  async find(typed: string): Promise<DeviceCodeRow | undefined> {
    const userCode = parseUserCode(typed);
    if (userCode === undefined) return undefined;
    return await findWaitingDevice(this.#metadata.read, hashOfSecret(userCode), this.#now());
  }

  /** Somebody's answer to a device that waits; false where it waits no more. */
  async answer(typed: string, userId: string, allowed: boolean): Promise<boolean> {
    const userCodeHash = hashOfSecret(parseUserCode(typed) ?? "");
    return await this.#metadata.write(async (write) => {
      const device = await findWaitingDevice(write, userCodeHash, this.#now());
      if (!device) return false;
      await updateDeviceCode(write, device.codeHash, allowed ? { userId } : { deniedAt: this.#now() });
      return true;
    });
  }

  /** What a device hears. Its code buys one login; shown again after that, it ends it. */
  async poll(deviceCode: string, clientId: string): Promise<DeviceAnswer> {
    return await this.#metadata.write(async (write): Promise<DeviceAnswer> => {
      const device = await findDeviceCode(write, hashOfSecret(deviceCode));
      const now = this.#now();
      if (!device || device.clientId !== clientId) return { kind: "over" };
      const { codeHash, userId, scopes, address, loginId } = device;
      if (loginId !== "") {
        await this.#logins.endByIdIn(write, loginId);
        return { kind: "over" };
      }
      if (device.expiresAt <= now) return { kind: "over" };
      if (device.deniedAt !== null) return { kind: "denied" };
      if (device.polledAt + device.intervalSeconds * 1000 > now) {
        const slower = device.intervalSeconds + slowDownSeconds;
        await updateDeviceCode(write, codeHash, { polledAt: now, intervalSeconds: slower });
        return { kind: "slow_down" };
      }
      await updateDeviceCode(write, codeHash, { polledAt: now });
      if (userId === "") return { kind: "pending" };
      const login = { kind: "oauth", principal: `user:${userId}`, clientId, scopes, address } as const;
      const granted = await this.#logins.beginIn(write, login);
      await updateDeviceCode(write, codeHash, { loginId: granted.login.id });
      return { kind: "granted", granted };
    });
  }
}

function newUserCode(): string {
  const text = Array.from({ length: userCodeLetters }, () => letters[randomInt(letters.length)]).join("");
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** People type in small letters, and leave the hyphen out. */
function parseUserCode(typed: string): string | undefined {
  const text = typed.slice(0, 40).toUpperCase().replaceAll(/[\s-]/g, "");
  const wellFormed = text.length === userCodeLetters && [...text].every((letter) => letters.includes(letter));
  return wellFormed ? `${text.slice(0, 4)}-${text.slice(4)}` : undefined;
}
