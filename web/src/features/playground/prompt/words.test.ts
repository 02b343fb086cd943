import { describe, expect, it } from "vitest";
import type { Word } from "@/features/playground/types";
import { fitting, placed, typedAt } from "./words";

const word = (text: string, kind: Word["kind"] = "tag"): Word => ({ text, kind, detail: "", count: 1 });
const at = (marked: string) => [marked.replace("|", ""), marked.indexOf("|")] as const;

describe("typedAt", () => {
  it.each([
    ["a red ap|", { kind: "any", search: "ap", start: 6 }],
    ["a (lo|ng hair", { kind: "any", search: "lo", start: 3 }],
    ["山水，松|", { kind: "any", search: "松", start: 3 }],
    ["x <|", { kind: "lora", search: "", start: 2 }],
    ["x <lora:in|", { kind: "lora", search: "in", start: 2 }],
    ["a __col|", { kind: "wildcard", search: "col", start: 2 }],
    ["__|", { kind: "wildcard", search: "", start: 0 }],
  ])("%s", (marked, expected) => expect(typedAt(...at(marked))).toMatchObject(expected));

  it.each(["a|", "red, |", "|", "<lora:ink:0.8|"])("nothing at %s", (marked) => expect(typedAt(...at(marked))).toBeNull());
});

describe("a suggestion", () => {
  const put = (marked: string, chosen: Word) => {
    const [text, caret] = at(marked);
    const typed = typedAt(text, caret);
    if (!typed) throw new Error("nothing typed");
    const place = placed(text, typed, chosen);
    return text.slice(0, place.start) + place.put + text.slice(place.end);
  };

  it("takes the place of the word, or of as many words as it has", () => {
    expect(put("girl, long ha|", word("long hair"))).toBe("girl, long hair");
    expect(put("very long ha|, red", word("hairpin"))).toBe("very long hairpin, red");
    expect(put("along ha|", word("long hair"))).toBe("along long hair");
  });

  it("writes LoRAs and wildcards with their signs", () => {
    expect(put("x <lora:in|", word("ink", "lora"))).toBe("x <lora:ink:1>");
    expect(put("x in|", word("<lora:ink:0.8>", "lora"))).toBe("x <lora:ink:0.8>");
    expect(put("a __co|", word("colour", "wildcard"))).toBe("a __colour__");
    expect(put("x <lora:in|:0.5> y", word("ink", "lora"))).toBe("x <lora:ink:1> y");
    expect(put("a __co|l__ y", word("colour", "wildcard"))).toBe("a __colour__ y");
  });

  it("is none of another kind, and not what stands there", () => {
    const words = [word("ink", "lora"), word("inn"), word("ink")];
    const fit = (marked: string) => {
      const [text, caret] = at(marked);
      const typed = typedAt(text, caret);
      return typed ? fitting(words, text, typed).map((one) => `${one.kind} ${one.text}`) : [];
    };
    expect(fit("<lora:i|")).toEqual(["lora ink"]);
    expect(fit("an inn|")).toEqual(["lora ink", "tag ink"]);
  });
});
