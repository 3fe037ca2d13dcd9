// The way to the registry: the proxy and the authorities in force, its name, its door.
import { lookup } from "node:dns/promises";
import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { type ConnectionTrouble, connectionTrouble } from "../../client/probe/connection-trouble.ts";
import { type ProxyInForce, proxyFor } from "../../client/probe/proxy.ts";
import { type ProbeAnswer, RegistryProbe } from "../../client/probe/registry-probe.ts";
import type { Context, Env } from "../../sources/context.ts";
import { messageOf } from "../../sources/failure.ts";
import { isLoopback, type RegistryHost } from "../../sources/registry-host.ts";
import { mask } from "../mask.ts";
import type { Chain } from "./chain.ts";

/** A registry that answers: how it is spoken to, and what it said to `GET /v2/`. */
export type Reached = { probe: RegistryProbe; ping: ProbeAnswer };

/** Walks to the registry's door. Undefined where there is no way. */
export async function examineNetwork(host: RegistryHost, context: Context, chain: Chain): Promise<Reached | undefined> {
  const proxy = proxyFor(`https://${host}`, context.env);
  examineProxy(host, proxy, chain);
  examineAuthorities(host, context.env, chain);
  if (!(await examineName(host, proxy, chain))) return undefined;
  return await examineDoor(host, proxy, context, chain);
}

function examineProxy(host: RegistryHost, proxy: ProxyInForce | undefined, chain: Chain): void {
  if (proxy)
    chain.ok("proxy", `${proxy.variable}=${mask(proxy.url)}, in this shell; a Docker engine has its own setting`);
  else chain.ok("proxy", `none for ${host} in this shell`);
}

/** Every file that adds an authority must be there: who names one means it. */
function examineAuthorities(host: RegistryHost, env: Env, chain: Chain): void {
  const named = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE"].filter(
    (name) => env[name],
  );
  const engine = join("/etc/docker/certs.d", host, "ca.crt");
  const wrong = named.find((name) => !holdsCertificate(env[name] ?? ""));
  if (wrong !== undefined)
    chain.broken(
      "authorities",
      `${wrong}=${env[wrong]} is no file with certificates`,
      `unset ${wrong}, or name a PEM file`,
    );
  else
    chain.ok(
      "authorities",
      [...named.map((name) => `${name}=${env[name]}`), ...(existsSync(engine) ? [engine] : [])].join(", ") ||
        "the system's own",
    );
}

function holdsCertificate(path: string): boolean {
  try {
    return readFileSync(path, "utf8").includes("-----BEGIN CERTIFICATE-----");
  } catch {
    return false;
  }
}

async function examineName(host: RegistryHost, proxy: ProxyInForce | undefined, chain: Chain): Promise<boolean> {
  const { hostname } = new URL(`https://${host}`);
  const bare = hostname.replace(/^\[|\]$/g, "");
  if (isIP(bare) !== 0 || proxy) {
    chain.ok("name", proxy ? `${bare} is looked up by the proxy` : `${bare} is an address`);
    return true;
  }
  try {
    const addresses = await lookup(bare, { all: true });
    chain.ok("name", `${bare} is ${addresses.map(({ address }) => address).join(", ")}`);
    return true;
  } catch (error) {
    chain.broken(
      "name",
      `${bare} has no address: ${messageOf(error)}`,
      "is it spelled right? Is there a network, or a proxy to set?",
    );
    return false;
  }
}

/** https, as docker does; on this machine plain HTTP where the port does not speak TLS. */
async function examineDoor(
  host: RegistryHost,
  proxy: ProxyInForce | undefined,
  context: Context,
  chain: Chain,
): Promise<Reached | undefined> {
  const isHere = isLoopback(new URL(`https://${host}`).hostname);
  let trouble: ConnectionTrouble | undefined;
  for (const scheme of isHere ? ["https", "http"] : ["https"]) {
    const probe = new RegistryProbe(`${scheme}://${host}`, context.fetch);
    try {
      const ping = await probe.ping();
      chain.ok("connection", `${probe.origin} answered after ${ping.milliseconds} ms`);
      return { probe, ping };
    } catch (error) {
      const found = connectionTrouble(error);
      // What the certificate's door said counts; that the plain one is closed too says nothing.
      if (trouble === undefined || trouble.kind === "not tls") trouble = found;
      if (!["not tls", "closed", "other"].includes(found.kind)) break;
    }
  }
  explainTrouble(trouble as ConnectionTrouble, host, proxy, chain);
  return undefined;
}

function explainTrouble(
  { kind, text }: ConnectionTrouble,
  host: RegistryHost,
  proxy: ProxyInForce | undefined,
  chain: Chain,
): void {
  if (proxy && !["authority", "certificate name", "certificate time"].includes(kind))
    chain.broken(
      "connection",
      `no way to ${host} through ${proxy.variable}=${mask(proxy.url)}: ${text}`,
      `correct or unset ${proxy.variable}, or leave it out for this host: NO_PROXY=${new URL(`https://${host}`).hostname}`,
    );
  else chain.broken("connection", `${host}: ${text}`, mends[kind](host));
}

const mends: Readonly<Record<ConnectionTrouble["kind"], (host: string) => string>> = {
  name: () => "is it spelled right? Is there a network, or a proxy to set?",
  closed: (host) => `is the registry running, and ${host} its address? A firewall looks the same`,
  silent: () => "nothing answered in time: a firewall, or a proxy that is not set (HTTPS_PROXY)",
  authority: (host) =>
    `its certificate is from an authority that is not trusted here: SSL_CERT_FILE=FILE for helpers, podman and skopeo; /etc/docker/certs.d/${host}/ca.crt for a Docker engine`,
  "certificate name": () => "use a name that the certificate has, or have a certificate made for this one",
  "certificate time": () => "is this machine's clock right? Else the registry needs a new certificate",
  "not tls": () => "the registry speaks plain HTTP, which credentials must not travel over: give it a certificate",
  other: () => "try again; then see whether curl gets further",
};
