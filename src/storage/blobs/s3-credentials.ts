import { readFileSync, statSync } from "node:fs";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** No credentials, or none that can be read; the message says where they were looked for. */
export class S3CredentialsError extends Error {
  override name = "S3CredentialsError";
  readonly code = "S3Credentials";

  constructor(message: string) {
    super(`--blobs: ${message}`);
  }
}

/**
 * Credentials as they are at the moment: from a file, which is read again when it has changed, or from the environment.
 *
 * @param file in the form of `~/.aws/credentials`, of which the first profile counts
 */
export function s3Credentials(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): () => S3Credentials {
  if (file === undefined) {
    const found = credentialsOf({
      aws_access_key_id: env.AWS_ACCESS_KEY_ID,
      aws_secret_access_key: env.AWS_SECRET_ACCESS_KEY,
      aws_session_token: env.AWS_SESSION_TOKEN,
    });
    if (!found) {
      throw new S3CredentialsError("needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or --blobs-credentials FILE");
    }
    return () => found;
  }
  let [last, changedAt] = [readCredentials(file), changeTimeOf(file)];
  return () => {
    const now = changeTimeOf(file);
    if (now === changedAt || now === undefined) return last;
    try {
      last = readCredentials(file);
      changedAt = now;
    } catch {
      // Half written, or gone for a moment: the next request looks again.
    }
    return last;
  };
}

function readCredentials(file: string): S3Credentials {
  const settings: Record<string, string> = {};
  let profiles = 0;
  for (const line of linesOf(file)) {
    if (/^\s*\[/.test(line)) profiles++;
    const [, name, value] = /^\s*([a-z_]+)\s*=\s*(\S+)\s*$/i.exec(line) ?? [];
    if (profiles <= 1 && name !== undefined && value !== undefined) settings[name.toLowerCase()] = value;
  }
  const found = credentialsOf(settings);
  if (!found) throw new S3CredentialsError(`finds no aws_access_key_id and aws_secret_access_key in ${file}`);
  return found;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch (error) {
    throw new S3CredentialsError(`cannot read ${file}: ${(error as Error).message}`);
  }
}

function changeTimeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function credentialsOf(settings: Readonly<Record<string, string | undefined>>): S3Credentials | undefined {
  const { aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey } = settings;
  const sessionToken = settings.aws_session_token;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}
