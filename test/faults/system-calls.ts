/** One call that strace saw. */
export interface SystemCall {
  readonly path: string;
  readonly isWrite: boolean;
  readonly isSync: boolean;
  /** Lines of the trace: where it began, and where it had ended. */
  readonly begun: number;
  readonly ended: number;
  readonly text: string;
}

const started = /^(\d+) +(\w+)\(\d+<([^>]*)>/;
const resumed = /^(\d+) +<\.\.\. (\w+) resumed>/;

/** Reads what `strace -f -y` wrote; calls of several threads lie between each other. */
export function parseTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, Omit<SystemCall, "ended">>();
  for (const [line, content] of text.split("\n").entries()) {
    const [, thread = "", name = "", path = ""] = started.exec(content) ?? [];
    if (name) {
      const call = { path, isSync: /sync$/.test(name), isWrite: !/sync$/.test(name), begun: line, text: content };
      if (content.endsWith("<unfinished ...>")) unfinished.set(thread, call);
      else calls.push({ ...call, ended: line });
    }
    const [, again = ""] = resumed.exec(content) ?? [];
    const call = unfinished.get(again);
    if (call) calls.push({ ...call, ended: line });
    unfinished.delete(again);
  }
  return calls;
}
