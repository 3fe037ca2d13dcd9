import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP, isIPv6 } from "node:net";
import { bits, integer, octets, oid, sequence, set, tagged, tagPlain, utcTime, utf8, yes } from "./der.ts";

/** A server's certificate and its private key, in PEM. */
export type ServerCertificate = { certificate: string; privateKey: string };

const dayMilliseconds = 24 * 60 * 60 * 1000;
/** Clocks of machines differ a little. */
const graceMilliseconds = 60 * 60 * 1000;

const ecdsaWithSha256 = sequence(oid("1.2.840.10045.4.3.2"));

/**
 * A certificate authority for one run (RFC 5280): its key is in this process's memory and nowhere else, and is gone with
 * it. Only a program that is handed `certificate` believes what it signs.
 */
export class ThrowAwayAuthority {
  /** The authority's own certificate, in PEM. */
  readonly certificate: string;
  readonly #key = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #name = name("Waybill trace, for one run");
  readonly #now: number;

  constructor(nowMilliseconds: number) {
    this.#now = nowMilliseconds;
    const extensions = [
      extension("2.5.29.19", sequence(yes), true), // basicConstraints: an authority
      extension("2.5.29.15", bits(Uint8Array.from([0x04]), 2), true), // keyUsage: keyCertSign
    ];
    this.certificate = pem("CERTIFICATE", this.#sign(this.#name, this.#key.publicKey, extensions));
  }

  /** A certificate for a server of this name or address. */
  issue(host: string): ServerCertificate {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const extensions = [
      extension("2.5.29.17", sequence(alternativeName(host))),
      extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"))), // extKeyUsage: serverAuth
    ];
    return {
      certificate: pem("CERTIFICATE", this.#sign(name(host.slice(0, 64)), publicKey, extensions)),
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    };
  }

  #sign(subject: Uint8Array, publicKey: KeyObject, extensions: readonly Uint8Array[]): Uint8Array {
    const serial = randomBytes(16);
    serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
    // Strict checkers ask for both identifiers, the authority's own certificate included.
    const identifiers = [
      extension("2.5.29.14", octets(keyId(publicKey))),
      extension("2.5.29.35", sequence(tagPlain(0, keyId(this.#key.publicKey)))),
    ];
    const toBeSigned = sequence(
      tagged(0, integer(Uint8Array.from([2]))), // version 3
      integer(serial),
      ecdsaWithSha256,
      this.#name,
      sequence(utcTime(this.#now - graceMilliseconds), utcTime(this.#now + dayMilliseconds)),
      subject,
      publicKey.export({ type: "spki", format: "der" }),
      tagged(3, sequence(...extensions, ...identifiers)),
    );
    return sequence(toBeSigned, ecdsaWithSha256, bits(sign("sha256", toBeSigned, this.#key.privateKey)));
  }
}

function extension(id: string, value: Uint8Array, isCritical = false): Uint8Array {
  return sequence(oid(id), ...(isCritical ? [yes] : []), octets(value));
}

function keyId(publicKey: KeyObject): Uint8Array {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest()
    .subarray(0, 20);
}

function name(commonName: string): Uint8Array {
  return sequence(set(sequence(oid("2.5.4.3"), utf8(commonName))));
}

function alternativeName(host: string): Uint8Array {
  if (isIP(host) === 0) return tagPlain(2, Buffer.from(host));
  return tagPlain(7, isIPv6(host) ? ipv6Bytes(host) : Uint8Array.from(host.split(".").map(Number)));
}

function ipv6Bytes(address: string): Uint8Array {
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = tail === undefined ? [] : new Array<number>(8 - before.length - after.length).fill(0);
  return Uint8Array.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]));
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
