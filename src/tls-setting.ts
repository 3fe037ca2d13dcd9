import { type Config, ConfigError } from "./config/config.ts";
import { readTlsFiles, type TlsFiles, TlsFilesError } from "./system/tls-files.ts";

/** The certificates of `--tls-cert` and `--tls-key`; undefined without. Throws ConfigError. */
export function readTls({ "tls-cert": certificates, "tls-key": keys }: Config): TlsFiles | undefined {
  if (certificates.length === 0) return undefined;
  try {
    return readTlsFiles(certificates, keys);
  } catch (error) {
    if (error instanceof TlsFilesError) throw new ConfigError(`--tls-cert, --tls-key: ${error.message}`);
    throw error;
  }
}
