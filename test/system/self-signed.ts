/** Certificates for tests, made by openssl. */
import { join } from "node:path";

/** Writes NAME.pem and NAME.key, a certificate for these DNS names that signed itself. Answers their paths. */
export async function selfSigned(folder: string, name: string, dnsNames: readonly string[]) {
  const [certificate, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const names = dnsNames.map((dns) => `DNS:${dns}`).join(",");
  const child = Bun.spawn(
    [
      ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"],
      ...["-subj", `/CN=${name}`, ...(names === "" ? [] : ["-addext", `subjectAltName=${names}`])],
      ...["-keyout", key, "-out", certificate],
    ],
    { stdout: "ignore", stderr: "pipe" },
  );
  if ((await child.exited) !== 0) throw new Error(await new Response(child.stderr).text());
  return { certificate, key };
}

/** Who the server at this port says it is to a client that asks for a name, and by which protocol. */
export async function shownTo(port: string | number, servername: string | undefined, ...more: readonly string[]) {
  const who = servername === undefined ? ["-noservername"] : ["-servername", servername];
  const command = ["openssl", "s_client", "-connect", `127.0.0.1:${port}`, ...who, ...more];
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  const text = await new Response(child.stdout).text();
  return { subject: /^subject=CN ?= ?(.*)$/m.exec(text)?.[1], protocol: /^ALPN protocol: (.*)$/m.exec(text)?.[1] };
}
