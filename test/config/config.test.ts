import { describe, expect, test } from "bun:test";
import { ConfigError, readConfig } from "../../src/config/config.ts";

type Files = Readonly<Record<string, string>>;

function read(argv: readonly string[], env: Record<string, string> = {}, files: Files = {}) {
  const readFile = (path: string) => {
    const text = files[path];
    if (text === undefined) throw new Error("there is no such file");
    return text;
  };
  return readConfig(argv, { env, readFile });
}

function problems(argv: readonly string[], env: Record<string, string> = {}, files: Files = {}): readonly string[] {
  try {
    read(argv, env, files);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe("a setting", () => {
  const flags = ["--config", "w.yaml", "--stall-timeout=10"];
  const env = { WAYBILL_STALL_TIMEOUT: "20" };
  const files = { "w.yaml": "# what holds everywhere\nstall-timeout: 30\n" };

  test("is what the flag says, else the variable, else the file, else its default", () => {
    const value = (...given: Parameters<typeof read>) => read(...given).config["stall-timeout"];
    expect(value(flags, env, files)).toBe(10);
    expect(value(flags.slice(0, 2), env, files)).toBe(20);
    expect(value(flags.slice(0, 2), {}, files)).toBe(30);
    expect(value([])).toBe(60);
  });

  test("remembers where it was said", () => {
    const from = (...given: Parameters<typeof read>) => read(...given).chosen.get("stall-timeout")?.where;
    expect(from(flags, env, files)).toBe("--stall-timeout");
    expect(from(flags.slice(0, 2), env, files)).toBe("WAYBILL_STALL_TIMEOUT");
    expect(from(flags.slice(0, 2), {}, files)).toBe("w.yaml:2: stall-timeout");
    expect(from([])).toBeUndefined();
  });

  test("is read from the file that WAYBILL_CONFIG names, unless --config names another", () => {
    const two = { "a.yaml": "data: /a", "b.yaml": "data: /b" };
    expect(read([], { WAYBILL_CONFIG: "a.yaml" }, two).config.data).toBe("/a");
    expect(read(["--config=b.yaml"], { WAYBILL_CONFIG: "a.yaml" }, two).config.data).toBe("/b");
  });

  test("that is a list has commas, or is one in the file", () => {
    const hosts = ["gcr.io", "eu.gcr.io"];
    expect(read(["--hosts", "gcr.io, eu.gcr.io"]).config.hosts).toEqual(hosts);
    expect(read(["--config=f"], {}, { f: "hosts: [gcr.io, eu.gcr.io]" }).config.hosts).toEqual(hosts);
    expect(read(["--config=f"], {}, { f: '{"hosts": "gcr.io,eu.gcr.io"}' }).config.hosts).toEqual(hosts);
    expect(read([]).config.hosts).toEqual([]);
  });

  test("that is a switch takes no value as a flag, and can be taken back", () => {
    expect(read(["--read-only"]).config["read-only"]).toBe(true);
    expect(read([], { WAYBILL_READ_ONLY: "true" }).config["read-only"]).toBe(true);
    expect(read(["--no-read-only"], { WAYBILL_READ_ONLY: "true" }).config["read-only"]).toBe(false);
    expect(read(["--config=f"], {}, { f: "read-only: true" }).config["read-only"]).toBe(true);
  });

  test("of an empty variable or an empty line is not said", () => {
    expect(read([], { WAYBILL_DATA: "" }).config.data).toBe("./waybill-data");
    expect(read(["--config=f"], {}, { f: "data:\n" }).config.data).toBe("./waybill-data");
    expect(read(["--config=f"], {}, { f: "# nothing yet\n" }).config.data).toBe("./waybill-data");
  });
});

describe("what is wrong is said with its place", () => {
  type Row = [what: string, ...given: Parameters<typeof problems>];
  const rows: [Row, string[]][] = [
    [
      ["a flag that is nearly one", ["--stal-timeout=9"]],
      ["unknown flag --stal-timeout; did you mean --stall-timeout?"],
    ],
    [["a flag that is none", ["--zzzzzz=9"]], ["unknown flag --zzzzzz"]],
    [
      [
        "a name in the file that is nearly one",
        ["--config=w.yaml"],
        {},
        { "w.yaml": "data: x\n\nlisten-at: x\nhost: y\n" },
      ],
      [
        'w.yaml:3: there is no setting "listen-at"; did you mean listen?',
        'w.yaml:4: there is no setting "host"; did you mean hosts?',
      ],
    ],
    [
      ["a variable that is nearly one", [], { WAYBILL_LISTN: "x:1" }],
      ["WAYBILL_LISTN: there is no such setting; did you mean WAYBILL_LISTEN?"],
    ],
    [["a value from a flag", ["--listen=x"]], ["--listen: is not HOST:PORT"]],
    [["a value from a variable", [], { WAYBILL_READ_ONLY: "yes" }], ["WAYBILL_READ_ONLY: is neither true nor false"]],
    [
      ["a value from the file", ["--config=w.yaml"], {}, { "w.yaml": "data: x\nlisten: x\n" }],
      ["w.yaml:2: listen: is not HOST:PORT"],
    ],
    [
      ["each setting once", ["--listen=x", "--hosts=A,B"], { WAYBILL_READ_ONLY: "1" }],
      [
        "WAYBILL_READ_ONLY: is neither true nor false",
        "--listen: is not HOST:PORT",
        "--hosts: is not a host name, or not one in lower case",
      ],
    ],
    [
      ["a name that stands twice", ["--config=w.yaml"], {}, { "w.yaml": "data: x\ndata: y\n" }],
      ["w.yaml:2: this name stands twice"],
    ],
    [
      ["what is no YAML", ["--config=w.yaml"], {}, { "w.yaml": "data: x\nlisten: [x\n" }],
      ["w.yaml:3: this is not YAML"],
    ],
    [
      ["what are no names", ["--config=w.yaml"], {}, { "w.yaml": "- data\n" }],
      ["w.yaml:1: settings are lines of NAME: VALUE"],
    ],
    [["a file that is not there", ["--config=w.yaml"]], ["--config: w.yaml cannot be read: there is no such file"]],
  ];
  for (const [[what, ...given], expected] of rows)
    test(what, () => {
      expect(problems(...given)).toEqual(expected);
    });

  test("except of variables that others put there", () => {
    const env = {
      WAYBILL_PORT: "tcp://10.0.0.1:5000",
      WAYBILL_SERVICE_HOST: "10.0.0.1",
      WAYBILL_PORT_5000_TCP_ADDR: "10.0.0.1",
      WAYBILL_SERVER: "https://registry.example",
      WAYBILL_KEY_FILE: "key.json",
      WAYBILL_CONFIG_DIR: "/x",
      WAYBILL_SOMETHING_ELSE_ENTIRELY: "x",
    };
    expect(problems([], env)).toEqual([]);
  });
});
