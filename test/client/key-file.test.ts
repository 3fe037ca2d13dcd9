import { expect, test } from "bun:test";
import { NewKeyFile } from "../../src/client/key-file.ts";
import { Home } from "../helper/home.ts";

test("NewKeyFile is its owner's only, before there is anything in it", () => {
  using home = new Home();
  using file = new NewKeyFile(home.path("key.json"));
  expect(home.mode("key.json")).toBe("600");
  file.write(Buffer.from("secret"));
  expect(home.read("key.json")).toBe("secret");
});

test("NewKeyFile stays when it was written, and is gone when it was not", () => {
  using home = new Home();
  {
    using file = new NewKeyFile(home.path("written.json"));
    file.write(Buffer.from("secret"));
    using _ = new NewKeyFile(home.path("empty.json"));
  }
  expect([home.has("written.json"), home.has("empty.json")]).toEqual([true, false]);
});

test("NewKeyFile takes the place of nothing", () => {
  using home = new Home();
  home.write("precious.json", "precious");
  expect(() => new NewKeyFile(home.path("precious.json"))).toThrow("is there already");
  expect(home.read("precious.json")).toBe("precious");
  expect(() => new NewKeyFile(home.path("no", "such", "folder.json"))).toThrow("cannot be written");
});
