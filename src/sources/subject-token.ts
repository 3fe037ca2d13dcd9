import { readFileSync } from "node:fs";
import type { Env } from "./context.ts";
import { Failure, messageOf } from "./failure.ts";
import { runProgram } from "./run-program.ts";
import { Secret } from "./secret.ts";
import { refusal, requireSafe, send } from "./token-request.ts";
import type { SourceContext } from "./token-source.ts";

/** Where the token comes from that says which job or pod this is. */
export const subjectProviders = ["github", "gitlab", "buildkite", "kubernetes", "file", "variable"] as const;
export type SubjectProvider = (typeof subjectProviders)[number];

/** Where a subject token is fetched: anew at every renewal, since it lives for minutes. */
export type SubjectSource = {
  provider: SubjectProvider;
  /** Whom the subject token is addressed to. */
  audience: string;
  file?: string | undefined;
  variable?: string | undefined;
};

const variableDefault = "WAYBILL_ID_TOKEN";
const kubernetesFile = "/var/run/secrets/tokens/waybill";
/** Long enough to be exchanged. */
const buildkiteLifetimeSeconds = 300;

/** Which of them this machine is, as far as its environment tells. */
export function detectProvider(env: Env): SubjectProvider | undefined {
  if (env.WAYBILL_WORKLOAD_IDENTITY_TOKEN_FILE) return "file";
  if (env.ACTIONS_ID_TOKEN_REQUEST_URL) return "github";
  if (env[variableDefault]) return env.GITLAB_CI ? "gitlab" : "variable";
  if (env.BUILDKITE_JOB_ID || env.BUILDKITE_AGENT_ACCESS_TOKEN) return "buildkite";
  return env.KUBERNETES_SERVICE_HOST ? "kubernetes" : undefined;
}

/** Fetches the subject token. */
export async function subjectToken(source: SubjectSource, context: SourceContext): Promise<Secret> {
  switch (source.provider) {
    case "github":
      return await githubToken(source, context);
    case "buildkite":
      return await buildkiteToken(source, context);
    case "gitlab":
    case "variable":
      return variableToken(source.variable ?? variableDefault, context.env);
    case "kubernetes":
      return fileToken(source.file ?? kubernetesFile);
    case "file":
      return fileToken(source.file ?? "");
  }
}

async function githubToken({ audience }: SubjectSource, context: SourceContext): Promise<Secret> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address = "", ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = context.env;
  if (!address || !bearer)
    throw new Failure("this job may not ask for an id token", "give the workflow `permissions: id-token: write`");
  const url = new URL(requireSafe(address));
  url.searchParams.set("audience", audience);
  const headers = { authorization: `Bearer ${bearer}`, accept: "application/json" };
  const answer = await send(new Request(url.href, { headers }), context.fetch);
  if (answer.status !== 200) throw refusal(`${url.origin}${url.pathname}`, answer);
  return asToken(answer.fields.value, "GitHub's answer");
}

async function buildkiteToken({ audience }: SubjectSource, context: SourceContext): Promise<Secret> {
  const path = Bun.which("buildkite-agent", { PATH: context.env.PATH ?? "" });
  if (path === null) throw new Failure("buildkite-agent is not on PATH", "run this in a Buildkite job");
  const argv = ["oidc", "request-token", "--audience", audience, "--lifetime", String(buildkiteLifetimeSeconds)];
  const { exitCode, stdout, stderr } = await runProgram(path, argv, context);
  if (exitCode !== 0) throw new Failure(`buildkite-agent gave no token: ${messageOf(stderr)}`);
  return asToken(stdout.trim(), "buildkite-agent's answer");
}

function variableToken(name: string, env: Env): Secret {
  if (!env[name]) throw new Failure(`the variable ${name} is not set`, "GitLab: id_tokens: in the job's definition");
  return asToken(env[name], `the variable ${name}`);
}

function fileToken(path: string): Secret {
  try {
    return asToken(readFileSync(path, "utf8").trim(), path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`the token in ${path} cannot be read: ${messageOf(error)}`, "is the volume mounted?");
  }
}

function asToken(value: unknown, where: string): Secret {
  if (typeof value === "string" && /^[\x21-\x7e]+$/.test(value)) return new Secret(value);
  throw new Failure(`${where} holds no token`);
}
