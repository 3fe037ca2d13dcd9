import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

/** Certificates that a server can show, in the form that `Bun.serve` takes. The first is for whoever asks for no name. */
export interface TlsFiles {
  readonly entries: readonly { readonly serverName?: string; readonly cert: string; readonly key: string }[];
  /** For each certificate the names it is good for and when it ends, in milliseconds since 1970. */
  readonly certificates: readonly {
    readonly file: string;
    readonly names: readonly string[];
    readonly endsAt: number;
  }[];
}

/** A certificate or a key that cannot be used; the message names the file. */
export class TlsFilesError extends Error {
  override name = "TlsFilesError";
}

/**
 * Reads pairs of PEM files, each a certificate chain and its key. A client that asks for a name (SNI, RFC 6066 section 3)
 * gets the first certificate that is good for it. Throws TlsFilesError.
 */
export function readTlsFiles(certificateFiles: readonly string[], keyFiles: readonly string[]): TlsFiles {
  const pairs = certificateFiles.map((file, index) => readPair(file, keyFiles[index] ?? ""));
  const taken = new Set<string>();
  const entries = pairs.flatMap(({ names, cert, key }) => {
    const own = names.filter((name) => !taken.has(name));
    for (const name of own) taken.add(name);
    return own.map((serverName) => ({ serverName, cert, key }));
  });
  const [first] = pairs;
  if (first === undefined) throw new TlsFilesError("there is no certificate");
  return {
    // Without a name of its own in front, the runtime has nothing to show to a client that names nobody.
    entries: entries.length > 0 ? entries : [{ cert: first.cert, key: first.key }],
    certificates: pairs.map(({ file, names, endsAt }) => ({ file, names, endsAt })),
  };
}

function readPair(file: string, keyFile: string) {
  const cert = read(file);
  const key = read(keyFile);
  const leaf = parse(file, "no certificate in PEM", () => new X509Certificate(cert));
  const privateKey = parse(keyFile, "no private key in PEM, or one with a passphrase", () => createPrivateKey(key));
  if (!leaf.checkPrivateKey(privateKey)) throw new TlsFilesError(`${keyFile} is not the key of ${file}`);
  return { file, cert, key, names: namesOf(leaf), endsAt: Date.parse(leaf.validTo) };
}

/** The DNS names of a certificate, as `*.example.com` where it is good for all below. */
function namesOf({ subjectAltName = "" }: X509Certificate): string[] {
  return subjectAltName.split(", ").flatMap((name) => (name.startsWith("DNS:") ? [name.slice(4).toLowerCase()] : []));
}

function read(file: string): string {
  return parse(file, undefined, () => readFileSync(file, "utf8"));
}

function parse<Result>(file: string, what: string | undefined, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    // What the library says of a key may quote it.
    throw new TlsFilesError(what ? `${file}: ${what}` : `${file} cannot be read: ${(error as Error).message}`);
  }
}
