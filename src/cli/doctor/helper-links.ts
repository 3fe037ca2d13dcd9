// Is the helper there, and what does it say? It is asked exactly as docker asks it.
import { spawn } from "node:child_process";
import { findProgram, ownHelper } from "../../docker-config/credential-helper.ts";
import { type Context, readBounded } from "../../sources/context.ts";
import { oneLine } from "../../sources/failure.ts";
import type { RegistryHost } from "../../sources/registry-host.ts";
import { Secret } from "../../sources/secret.ts";
import { mask } from "../mask.ts";
import type { Chain } from "./chain.ts";
import type { Presented } from "./credential-links.ts";

/** The words that mean "go on without credentials"; compared with by docker and podman, byte for byte. */
const notFound = "credentials not found in native keychain";

/** docker waits for ever; a person should not. */
const answerMillisecondsMax = 20_000;
const answerBytesMax = 256 * 1024;

type Answer = { exitCode: number | null; stdout: string; stderr: string; milliseconds: number };

export async function examineHelper(
  name: string,
  host: RegistryHost,
  context: Context,
  chain: Chain,
): Promise<Presented | undefined> {
  const program = `docker-credential-${name}`;
  const path = findProgram(program, context.env);
  if (path === undefined) {
    chain.broken(
      "helper",
      `${program} is not on PATH: docker goes on without credentials, podman fails`,
      name === ownHelper
        ? `link it into a folder of PATH: ln -s "$(command -v waybill)" /usr/local/bin/${program}`
        : `install ${program}, or: waybill auth configure-docker ${host}`,
    );
    chain.skip("answer", "there is no helper to ask");
    return undefined;
  }
  chain.ok("helper", path);
  return examineAnswer(await ask(path, host, context), { name, host, program }, chain);
}

type Asked = { name: string; host: RegistryHost; program: string };

function examineAnswer(answer: Answer, asked: Asked, chain: Chain): Presented | undefined {
  const { program, host, name } = asked;
  if (answer.exitCode === 0) return examineCredential(answer, asked, chain);
  const said = firstLine(answer.stdout) || firstLine(answer.stderr) || "nothing";
  const hint = /^waybill: hint: (.+)$/m.exec(answer.stderr)?.[1];
  if (answer.stdout.trim() === notFound)
    chain.broken(
      "answer",
      `${program} has no identity for ${host}: docker asks without credentials`,
      hint ?? (name === ownHelper ? `waybill auth configure-docker ${host}` : `log in with ${program}`),
    );
  else if (answer.exitCode === null)
    chain.broken("answer", `${program} said nothing for ${answer.milliseconds} ms`, "run it by hand to see why");
  else
    chain.broken(
      "answer",
      `${program} failed: ${mask(said)}`,
      mask(hint ?? `see it for yourself: echo ${host} | ${program} get`),
    );
  return undefined;
}

function examineCredential(
  { stdout, milliseconds }: Answer,
  { name, program }: Asked,
  chain: Chain,
): Presented | undefined {
  const { Username: username, Secret: secret } = parseObject(stdout);
  if (typeof username !== "string" || typeof secret !== "string") {
    chain.broken("answer", `${program} gave no JSON with a Username and a Secret`, `update or reinstall ${program}`);
    return undefined;
  }
  if (username === "" || secret === "") {
    chain.warn("answer", `${program} gave empty credentials: docker asks without any`, `log in with ${program}`);
    return undefined;
  }
  chain.ok("answer", `credentials of user ${oneLine(username)}, after ${milliseconds} ms`);
  return { username, secret: new Secret(secret), by: name === ownHelper ? "own helper" : "other helper" };
}

function ask(path: string, host: string, { env }: Context): Promise<Answer> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(path, ["get"], { env: { ...env } as NodeJS.ProcessEnv, stdio: ["pipe", "pipe", "pipe"] });
    const killer = setTimeout(() => child.kill("SIGKILL"), answerMillisecondsMax);
    const output = Promise.all([child.stdout, child.stderr].map((stream) => readBounded(stream, answerBytesMax)));
    const end = async (exitCode: number | null, problem = "") => {
      clearTimeout(killer);
      const [stdout = "", stderr = ""] = await output.catch(() => []);
      const milliseconds = Math.round(performance.now() - started);
      resolve({ exitCode, stdout: stdout || problem, stderr, milliseconds });
    };
    child.on("error", (error) => end(-1, error.message)).on("close", (exitCode) => end(exitCode));
    child.stdin.on("error", () => {}); // It answered without reading: its answer says enough.
    child.stdin.end(host);
  });
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function firstLine(text: string): string {
  return oneLine(text.trim().split("\n", 1)[0] ?? "").slice(0, 300);
}
