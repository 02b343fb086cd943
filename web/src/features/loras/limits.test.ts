import { describe, expect, it } from "vitest";
import { flat, pythonSource, texts } from "@/test/files";
import { limitOf } from "./limits";

/** The server's sentences, with figures in their holes. */
const sentences = (): string[] => {
  const source = pythonSource("publish/evidence.py");
  const found = [...source.matchAll(/"((?:It|Its|In|On|Nobody) [^"]{20,})"/g)].map((match) => match[1] ?? "");
  return found.flatMap((sentence) =>
    ["pictures", "texts"].map((things) =>
      sentence.replaceAll("{things}", things).replace(/{votes} {[^}]*}/, "14 votes").replace("{subject.images}", "7").replace(/{(nearest|leak|diversity)}/, " (0.96)"),
    ),
  );
};

describe("limitOf", () => {
  it("knows every sentence of the server, in both languages", () => {
    const all = new Set(sentences());
    expect(all.size).toBeGreaterThan(8);
    for (const sentence of all) expect(limitOf(sentence), sentence).not.toBeNull();
  });

  it("takes the figures out", () => {
    expect(limitOf("Its strength rests on 14 votes: that may be chance.")).toMatchObject({ key: "fewVotes", count: 14 });
    expect(limitOf("Its strength rests on 1 vote: that may be chance.")).toMatchObject({ key: "fewVotes", count: 1 });
    expect(limitOf("It was trained on 7 texts only: it may know little beside them.")).toMatchObject({ key: "fewTexts", count: 7 });
  });

  it("does not guess", () => expect(limitOf("Something new.")).toBeNull());
});

it("has words for a measure under every name of the server", () => {
  const named = /MEASURES = \(([^)]*)\)/.exec(pythonSource("publish/evidence.py"))?.[1] ?? "";
  const measures = [...named.matchAll(/"(\w+)"/g)].map((match) => match[1]);
  expect(measures.length).toBeGreaterThan(4);
  const known = new Set(flat(texts("en", "loras")).map(([key]) => key));
  for (const measure of measures) expect(known.has(`measure.${measure}.cannot`), measure).toBe(true);
});
