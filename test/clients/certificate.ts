/** A certificate authority of our own and a server's certificate from it, made by openssl. */
import type { Sandbox } from "./sandbox.ts";

export interface Certificate {
  /** The authority's certificate: what a client must trust. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** What openssl is asked for a key on P-256 and a certificate of it, good for one day. */
export const certificateRequest = [
  "openssl",
  "req",
  "-x509",
  "-newkey",
  "ec",
  "-pkeyopt",
  "ec_paramgen_curve:P-256",
  "-nodes",
  "-days",
  "1",
];

/** Files in the sandbox's folder; the certificate is good for one day and these names. */
export async function makeCertificate(sandbox: Sandbox, names: readonly string[]): Promise<Certificate> {
  const [authority, authorityKey] = [sandbox.path("ca.pem"), sandbox.path("ca.key")];
  const [certificate, key] = [sandbox.path("server.pem"), sandbox.path("server.key")];
  await sandbox.succeed([
    ...certificateRequest,
    "-subj",
    "/CN=Test authority",
    "-keyout",
    authorityKey,
    "-out",
    authority,
  ]);
  const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`;
  const extensions = ["basicConstraints=CA:FALSE", alternatives].flatMap((extension) => ["-addext", extension]);
  const signed = ["-CA", authority, "-CAkey", authorityKey, "-subj", `/CN=${names[0]}`];
  await sandbox.succeed([...certificateRequest, ...signed, ...extensions, "-keyout", key, "-out", certificate]);
  return { authority, certificate, key };
}
