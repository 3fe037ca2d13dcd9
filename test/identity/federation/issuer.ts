import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/**
 * An OpenID Connect issuer as CI systems have one: a discovery document, a key set, and tokens for workloads. It answers
 * real requests; `document` puts another answer in the place of one.
 *
 * As a program (`bun issuer.ts`) it prints `ready: URL`, signs what is sent to `/sign`, and answers `/token` with what was sent to `/keep`.
 */
export class Issuer implements Disposable {
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  readonly #server: ReturnType<typeof Bun.serve>;
  readonly #documents = new Map<string, (request: Request) => Response>();
  #kept = "";
  #keys: { kid: string; algorithm: "RS256" | "ES256"; publicKey: KeyObject; privateKey: KeyObject }[] = [];

  constructor(algorithm: "RS256" | "ES256" = "RS256") {
    this.#server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => this.#answer(request) });
    this.url = `http://127.0.0.1:${this.#server.port}`;
    this.rotate(algorithm);
  }

  get host(): string {
    return new URL(this.url).host;
  }

  get privateKey(): KeyObject {
    return this.#newest.privateKey;
  }

  get publicKey(): KeyObject {
    return this.#newest.publicKey;
  }

  get kid(): string {
    return this.#newest.kid;
  }

  /** A new key signs from now on; the old ones are forgotten. */
  rotate(algorithm: "RS256" | "ES256" = "RS256"): void {
    const pair =
      algorithm === "RS256"
        ? generateKeyPairSync("rsa", { modulusLength: 2048 })
        : generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#keys = [{ kid: randomBytes(8).toString("hex"), algorithm, ...pair }];
  }

  /** What answers a path from now on. */
  document(path: string, answer: (request: Request) => Response): void {
    this.#documents.set(path, answer);
  }

  jwks(): { keys: object[] } {
    return {
      keys: this.#keys.map(({ kid, algorithm, publicKey }) => ({
        ...publicKey.export({ format: "jwk" }),
        kid,
        alg: algorithm,
        use: "sig",
      })),
    };
  }

  /** Signs claims; what a header or a claim is set to undefined is left out. @param now milliseconds */
  sign(claims: object, now: number, header: object = {}): string {
    const { kid, algorithm, privateKey } = this.#newest;
    const iat = Math.floor(now / 1000);
    const head = { typ: "JWT", alg: algorithm, kid, ...header };
    const signed = `${encode(head)}.${encode({ iss: this.url, iat, nbf: iat, exp: iat + 300, ...claims })}`;
    const key = { key: privateKey, dsaEncoding: "ieee-p1363" as const };
    return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
  }

  [Symbol.dispose](): void {
    this.#server.stop(true);
  }

  get #newest() {
    const [key] = this.#keys;
    if (!key) throw new Error("no key");
    return key;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    this.asked.push(pathname);
    const other = this.#documents.get(pathname);
    if (other) return other(request);
    switch (pathname) {
      case "/.well-known/openid-configuration":
        return Response.json({ issuer: this.url, jwks_uri: `${this.url}/jwks` });
      case "/jwks":
        return Response.json(this.jwks());
      case "/keep":
        this.#kept = await request.text();
        return new Response("");
      case "/token": {
        // As a cloud's metadata server has it: only for whoever says that they mean it.
        const meant = request.headers.get("metadata") === "True" && request.headers.get("x-job") === "7";
        return meant ? new Response(this.#kept) : new Response("", { status: 403 });
      }
      case "/sign":
        return new Response(this.sign((await request.json()) as object, Date.now()));
      default:
        return new Response("nothing here", { status: 404 });
    }
  }
}

function encode(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString("base64url");
}

if (import.meta.main) console.log(`ready: ${new Issuer().url}`);
