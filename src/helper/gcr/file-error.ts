/** What Go says when a file cannot be opened or read: the call, the path and the system's words for the reason. */
export function fileError(error: unknown, path: string, call = "open"): Error {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return new Error(`${code === "EISDIR" ? "read" : call} ${path}: ${systemWords[code] ?? code}`);
}

const systemWords: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EISDIR: "is a directory",
  ELOOP: "too many levels of symbolic links",
  ENOENT: "no such file or directory",
  ENOTDIR: "not a directory",
  EPERM: "operation not permitted",
  EROFS: "read-only file system",
};

/** Is the file simply not there? */
export function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
