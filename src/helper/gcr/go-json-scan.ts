// Finds where the first JSON value of a text ends, or what is wrong with it and in which place, in the words of Go's
// decoder. RFC 8259 is followed to the letter, so what passes here `JSON.parse` reads too.

/** The text of the first value. Throws `EOF` when there is none, `unexpected EOF` when it is not whole. */
export function scanGoJson(text: string): string {
  const scan = new Scan(text);
  scan.space();
  if (scan.isAtEnd) throw new Error("EOF");
  const start = scan.at;
  scan.value();
  return text.slice(start, scan.at);
}

/** As deep as Go goes; our own stack would end soon after. */
const depthMax = 10_000;

class Scan {
  at = 0;
  readonly #text: string;
  /** What is open: `}` or `]`. Kept here and not on the stack, so that a hostile file cannot overflow it. */
  readonly #open: string[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#text.length;
  }

  space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.at] ?? "")) this.at++;
  }

  /** One value, however deep. */
  value(): void {
    this.#start();
    while (this.#open.length > 0) this.#continue();
  }

  #start(): void {
    const character = this.#peek();
    if (character === "{") this.#enter("}");
    else if (character === "[") this.#enter("]");
    else if (character === '"') this.#string();
    else if (character === "-" || isDigit(character)) this.#number();
    else this.#literal(character);
  }

  #enter(close: string): void {
    this.at++;
    if (this.#open.push(close) > depthMax) throw new Error("exceeded max depth");
    this.space();
    if (this.#text[this.at] === close) this.#leave();
    else if (close === "}") this.#key();
    else this.#start();
  }

  #enterNext(close: string | undefined): void {
    this.at++;
    this.space();
    if (close === "}") this.#key();
    else this.#start();
  }

  #leave(): void {
    this.at++;
    this.#open.pop();
  }

  /** After a value inside something that is open. */
  #continue(): void {
    const close = this.#open.at(-1);
    this.space();
    const context = close === "}" ? "after object key:value pair" : "after array element";
    const character = this.#peek();
    if (character !== close && character !== ",") throw this.#invalid(character, context);
    if (character === close) this.#leave();
    else this.#enterNext(close);
  }

  #key(): void {
    const context = "looking for beginning of object key string";
    const character = this.#peek();
    if (character !== '"') throw this.#invalid(character, context);
    this.#string();
    this.space();
    const colon = this.#peek();
    if (colon !== ":") throw this.#invalid(colon, "after object key");
    this.at++;
    this.space();
    this.#start();
  }

  #string(): void {
    this.at++;
    for (;;) {
      const character = this.#next();
      if (character === '"') return;
      if (character === "\\") this.#escape();
      else if (character < " ") throw this.#invalid(character, "in string literal");
    }
  }

  #escape(): void {
    const character = this.#next();
    if ('bfnrt\\/"'.includes(character)) return;
    if (character !== "u") throw this.#invalid(character, "in string escape code");
    for (let digit = 0; digit < 4; digit++) this.#expect(/[0-9a-f]/i, "in \\u hexadecimal character escape");
  }

  #number(): void {
    if (this.#text[this.at] === "-") this.at++;
    if (this.#expect(/[0-9]/, "in numeric literal") !== "0") this.#digits();
    if (this.#text[this.at] === ".") {
      this.at++;
      this.#expect(/[0-9]/, "after decimal point in numeric literal");
      this.#digits();
    }
    if (/[eE]/.test(this.#text[this.at] ?? "")) {
      this.at++;
      if (/[+-]/.test(this.#text[this.at] ?? "")) this.at++;
      this.#expect(/[0-9]/, "in exponent of numeric literal");
      this.#digits();
    }
  }

  #digits(): void {
    while (isDigit(this.#text[this.at] ?? "")) this.at++;
  }

  #literal(first: string): void {
    const word = ["true", "false", "null"].find((candidate) => candidate[0] === first);
    if (word === undefined) throw this.#invalid(first, "looking for beginning of value");
    for (const [index, letter] of [...word].entries())
      if (index === 0) this.at++;
      else this.#expect(new RegExp(letter), `in literal ${word} (expecting '${letter}')`);
  }

  #expect(pattern: RegExp, context: string): string {
    const character = this.#next();
    if (!pattern.test(character)) throw this.#invalid(character, context);
    return character;
  }

  #next(): string {
    const character = this.#peek();
    this.at++;
    return character;
  }

  #peek(): string {
    const character = this.#text[this.at];
    if (character === undefined) throw new Error("unexpected EOF");
    return character;
  }

  /** Go goes byte by byte: of a longer character it names the first byte. */
  #invalid(character: string, context: string): Error {
    return new Error(`invalid character ${quote(character)} ${context}`);
  }
}

function quote(character: string): string {
  if (character === "'") return `'\\''`;
  if (character === '"') return `'"'`;
  const byte = Buffer.from(character)[0] ?? 0;
  if (byte >= 0xa1) return `'${String.fromCharCode(byte)}'`;
  if (byte >= 0x20 && byte < 0x7f) return byte === 0x5c ? `'\\\\'` : `'${character}'`;
  const named = { 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r" }[byte];
  if (byte >= 0x80) return `'\\u${byte.toString(16).padStart(4, "0")}'`;
  return `'${named ?? `\\x${byte.toString(16).padStart(2, "0")}`}'`;
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9";
}
