// Both languages say the same things, and every error of the server has words in both.
import { describe, expect, it } from "vitest";
import { flat, namespaces, pythonSource, texts } from "./files";

const PLURAL = /_(zero|one|two|few|many|other)$/;
const keysOf = (language: string, namespace: string) =>
  [...new Set(flat(texts(language, namespace)).map(([key]) => key.replace(PLURAL, "")))].sort();
const holes = (text: string) => [...text.matchAll(/{{\s*(\w+)/g)].map((match) => match[1]).sort();

describe.each(namespaces())("%s", (namespace) => {
  it("has the same keys in both languages", () => {
    expect(keysOf("zh", namespace)).toEqual(keysOf("en", namespace));
  });

  it("fills the same holes in both languages", () => {
    const english = new Map(flat(texts("en", namespace)));
    for (const [key, text] of flat(texts("zh", namespace))) {
      const same = english.get(key) ?? english.get(key.replace(PLURAL, "_other")) ?? "";
      expect(holes(text), key).toEqual(holes(same));
    }
  });

  it("has no empty text", () => {
    for (const language of ["en", "zh"]) for (const [key, text] of flat(texts(language, namespace))) expect(text, key).not.toBe("");
  });
});

describe("errors", () => {
  const table = /CODES[^{]*{([^}]*)}/.exec(pythonSource("spec/errors.py"))?.[1] ?? "";
  const codes = [...table.matchAll(/"(\w+)":/g)].map((match) => match[1] ?? "");

  it("finds the server's codes", () => {
    expect(codes.length).toBeGreaterThan(40);
  });

  it.each(["en", "zh"])("has a title and a hint for every code in %s", (language) => {
    const known = new Set(flat(texts(language, "errors")).map(([key]) => key));
    const missing = codes.flatMap((code) => [`${code}.title`, `${code}.hint`]).filter((key) => !known.has(key));
    expect(missing).toEqual([]);
  });
});
