// Through a proxy, and to servers whose certificates only the user's own authority vouches for. Proxy, server and
// authority are real: a CONNECT proxy on this machine, TLS, and certificates that openssl made.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { connect, createServer, type Server } from "node:net";
import { OAuthProcess } from "../oauth/process.ts";
import { credentialFiles, GoogleHome } from "../sources/google-home.ts";
import { Home } from "./home.ts";

const hasOpenssl = Bun.which("openssl") !== null;
const registry = "registry.corp.example";

let files: Home;
let oauth: OAuthProcess;
let plain: OAuthProcess;
let proxy: ConnectProxy;
beforeAll(async () => {
  files = new Home();
  plain = await OAuthProcess.start();
  proxy = await ConnectProxy.start(() => Number(oauth.port));
  if (!hasOpenssl) return console.warn("skipped: needs openssl");
  await makeCertificates(files);
  oauth = await OAuthProcess.start({
    cert: files.path("server.pem"),
    key: files.path("server.key"),
    ca: files.read("ca.pem"),
  });
});
beforeEach(() => {
  proxy.seen.length = 0;
});
afterAll(async () => {
  proxy.server.close();
  await plain[Symbol.asyncDispose]();
  if (hasOpenssl) await oauth[Symbol.asyncDispose]();
  files[Symbol.dispose]();
});

async function makeCertificates(home: Home): Promise<void> {
  home.write("names", `subjectAltName=DNS:${registry},DNS:sts.googleapis.com,IP:127.0.0.1`);
  const commands = [
    "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority",
    `req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=${registry}`,
    "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names",
  ];
  for (const command of commands) {
    const { exitCode, stderr } = await home.run([Bun.which("openssl") ?? "", ...command.split(" ")]);
    if (exitCode !== 0) throw new Error(stderr);
  }
}

/** A proxy that leads every CONNECT to one port of this machine, and remembers where it should have gone. */
class ConnectProxy {
  readonly seen: string[] = [];
  readonly server: Server;
  readonly #port: () => number;

  private constructor(port: () => number) {
    this.#port = port;
    this.server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (head) => {
        const [method, target = ""] = head.toString().split(" ");
        this.seen.push(`${method} ${target}`);
        const upstream = connect(this.#port(), "127.0.0.1", () => {
          socket.write("HTTP/1.1 200 OK\r\n\r\n");
          socket.pipe(upstream).pipe(socket);
        });
        upstream.on("error", () => socket.destroy());
      });
    });
  }

  static async start(port: () => number): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(port);
    await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }
}

/** Workload identity at a token service, for the hosts of that service. */
function federated(tokenUrl: string): { home: GoogleHome; env: Record<string, string> } {
  const home = new GoogleHome(plain, { endpoints: {} });
  const env = {
    WAYBILL_WORKLOAD_IDENTITY_AUDIENCE: "waybill",
    WAYBILL_WORKLOAD_IDENTITY_TOKEN_URL: tokenUrl,
    WAYBILL_ID_TOKEN: "jwt",
  };
  return { home, env };
}

describe.skipIf(!hasOpenssl)("a server with a certificate of the user's own authority", () => {
  const ways: [string, (home: GoogleHome) => Record<string, string>][] = [
    ["SSL_CERT_FILE", () => ({ SSL_CERT_FILE: files.path("ca.pem") })],
    ["NODE_EXTRA_CA_CERTS", () => ({ NODE_EXTRA_CA_CERTS: files.path("ca.pem") })],
    ["CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", () => ({ CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE: files.path("ca.pem") })],
    [
      "gcloud's core/custom_ca_certs_file",
      (home) => {
        const text = `[core]\ncustom_ca_certs_file = ${files.path("ca.pem")}\n`;
        home.write(".config/gcloud/configurations/config_default", text);
        return {};
      },
    ],
  ];
  for (const [name, set] of ways)
    test(`is trusted by ${name}`, async () => {
      const { home, env } = federated(`${oauth.url}/v1/token`);
      using _ = home;
      expect(await home.token({ env: { ...env, ...set(home) } }, oauth.host)).toStartWith("token-");
    });

  test("is not trusted without, and the error says why", async () => {
    const { home, env } = federated(`${oauth.url}/v1/token`);
    using _ = home;
    const { exitCode, stdout } = await home.get({ env }, oauth.host);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/does not answer: .*certificate/i);
  });

  test("an authority that cannot be read is an error that names it", async () => {
    const { home, env } = federated(`${oauth.url}/v1/token`);
    using _ = home;
    const { stdout } = await home.get(
      { env: { ...env, CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE: "/nonexistent.pem" } },
      oauth.host,
    );
    expect(stdout).toContain("/nonexistent.pem cannot be read");
  });
});

describe.skipIf(!hasOpenssl)("behind a proxy", () => {
  const trust = () => ({ SSL_CERT_FILE: files.path("ca.pem") });

  for (const name of ["HTTPS_PROXY", "https_proxy"])
    test(`${name} is gone through`, async () => {
      const { home, env } = federated(`https://${registry}/v1/token`);
      using _ = home;
      expect(await home.token({ env: { ...env, ...trust(), [name]: proxy.url } }, registry)).toStartWith("token-");
      expect(proxy.seen).toEqual([`CONNECT ${registry}:443`]);
    });

  test("Google's library goes through it too", async () => {
    using home = new GoogleHome(plain, { endpoints: {} });
    home.write("subject", "jwt");
    const fields = credentialFiles.external_account(home.path("subject"));
    const file = home.write("adc.json", JSON.stringify(fields));
    const env = { ...trust(), HTTPS_PROXY: proxy.url, GOOGLE_APPLICATION_CREDENTIALS: file };
    expect(await home.token({ env })).toStartWith("token-");
    expect(proxy.seen).toEqual(["CONNECT sts.googleapis.com:443"]);
  });

  test("NO_PROXY goes round it", async () => {
    const { home, env } = federated(`https://${registry}/v1/token`);
    using _ = home;
    const { stdout } = await home.get(
      { env: { ...env, ...trust(), HTTPS_PROXY: proxy.url, NO_PROXY: ".corp.example" } },
      registry,
    );
    expect(stdout).toContain("does not answer");
    expect(proxy.seen).toEqual([]);
  });

  test("this very machine and the metadata server are not behind it", async () => {
    using home = new GoogleHome(plain);
    const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, GCE_METADATA_HOST: plain.host };
    expect(await home.token({ env })).toStartWith("token-");
    const { home: other, env: own } = federated(`${plain.url}/v1/token`);
    using _ = other;
    expect(await other.token({ env: { ...own, HTTP_PROXY: proxy.url } }, plain.host)).toStartWith("token-");
    expect(proxy.seen).toEqual([]);
  });

  test("that is not there is an error that says which address did not answer", async () => {
    const { home, env } = federated(`https://${registry}/v1/token`);
    using _ = home;
    const { exitCode, stdout } = await home.get(
      { env: { ...env, ...trust(), HTTPS_PROXY: "http://127.0.0.1:9" } },
      registry,
    );
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`https://${registry}/v1/token does not answer`);
  });
});
