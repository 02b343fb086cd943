import { describe, expect, it } from "vitest";
import { filesOfInput } from "./walk";

describe("filesOfInput", () => {
  it("leaves out what systems leave behind, and puts words after pictures", () => {
    const names = ["b10.png", "a.txt", ".DS_Store", "b2.png", "metadata.jsonl", "Thumbs.db", "all.zip"];
    const chosen = filesOfInput(names.map((name) => new File([], name)));
    expect(chosen.map((one) => one.path)).toEqual(["all.zip", "b2.png", "b10.png", "a.txt", "metadata.jsonl"]);
  });
});
