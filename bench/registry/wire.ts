/** One keep-alive HTTP/1.1 connection that costs the load generator little: bodies out are not copied, bodies in are counted. */
import type { Socket } from "bun";

export interface Answer {
  readonly status: number;
  readonly location: string;
  /** Bytes of the body. */
  readonly size: number;
}

export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: readonly Uint8Array[];
}

/** How fast a slow client is, both ways. */
export interface Pace {
  readonly bytesPerSecond: number;
}

const ticksPerSecond = 10;
const headEnd = Buffer.from("\r\n\r\n");

export class Wire {
  readonly #host: string;
  readonly #headers: string;
  #socket!: Socket;
  #outgoing: Uint8Array[] = [];
  #head = Buffer.alloc(0);
  #answer: { status: number; location: string; size: number; left: number } | undefined;
  #bodyless = false;
  /** How many bytes a slow client may still take or send in this tick. */
  #allowance = Number.POSITIVE_INFINITY;
  #settle: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  #ticks: Timer | undefined;

  private constructor(host: string, headers: Readonly<Record<string, string>>) {
    this.#host = host;
    this.#headers = lines(headers);
  }

  /** @param headers sent with every request */
  static async open(origin: string, headers: Readonly<Record<string, string>>, pace?: Pace): Promise<Wire> {
    const { host, hostname, port } = new URL(origin);
    const wire = new Wire(host, headers);
    wire.#socket = await Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        data: (_socket, bytes) => wire.#take(bytes),
        drain: () => wire.#flush(),
        close: () => wire.#settle?.reject(new Error("the server closed the connection")),
        error: (_socket, error) => wire.#settle?.reject(error),
      },
    });
    if (pace) wire.#startTicks(pace);
    return wire;
  }

  /** Sends a request and resolves when its answer is whole. */
  async send({ method, path, headers = {}, body = [] }: Outgoing): Promise<Answer> {
    const length = body.reduce((sum, part) => sum + part.byteLength, 0);
    const head = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n${this.#headers}${lines(headers)}content-length: ${length}\r\n\r\n`;
    this.#bodyless = method === "HEAD";
    this.#outgoing = [Buffer.from(head), ...body];
    return await new Promise<Answer>((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#flush();
    });
  }

  close(): void {
    clearInterval(this.#ticks);
    this.#settle = undefined;
    this.#socket.terminate();
  }

  #flush(): void {
    for (let [part] = this.#outgoing; part; [part] = this.#outgoing) {
      const piece = part.byteLength > this.#allowance ? part.subarray(0, this.#allowance) : part;
      const written = piece.byteLength === 0 ? 0 : this.#socket.write(piece);
      if (written < 0) return;
      this.#allowance -= written;
      if (written < part.byteLength) {
        this.#outgoing[0] = part.subarray(written);
        return;
      }
      this.#outgoing.shift();
    }
  }

  #take(bytes: Uint8Array): void {
    this.#allowance -= bytes.byteLength;
    if (this.#allowance <= 0) this.#socket.pause();
    if (this.#answer) this.#count(bytes.byteLength);
    else this.#readHead(bytes);
  }

  #readHead(bytes: Uint8Array): void {
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf(headEnd);
    if (end === -1) return;
    const head = this.#head.subarray(0, end).toString("latin1");
    const rest = this.#head.byteLength - end - headEnd.byteLength;
    const left = this.#bodyless ? 0 : Number(field(head, "content-length"));
    this.#head = Buffer.alloc(0);
    this.#answer = { status: Number(head.slice(9, 12)), location: field(head, "location"), size: left, left };
    this.#count(rest);
  }

  #count(bytes: number): void {
    const answer = this.#answer;
    if (!answer) return;
    answer.left -= bytes;
    if (answer.left > 0) return;
    this.#answer = undefined;
    this.#settle?.resolve(answer);
  }

  #startTicks({ bytesPerSecond }: Pace): void {
    this.#allowance = 0;
    this.#ticks = setInterval(() => {
      this.#allowance = bytesPerSecond / ticksPerSecond;
      this.#socket.resume();
      this.#flush();
    }, 1000 / ticksPerSecond);
  }
}

function lines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}

function field(head: string, name: string): string {
  return new RegExp(`^${name}: *(.*)$`, "im").exec(head)?.[1]?.trim() ?? "";
}
