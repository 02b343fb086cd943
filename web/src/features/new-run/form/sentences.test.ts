// Every sentence of the server that has no code is known here, and said in Chinese.
import { describe, expect, it } from "vitest";
import { flat, pythonFiles, pythonSource, texts } from "@/test/files";
import { noteOf, ruleOf } from "./sentences";

const chinese = new Map(flat(texts("zh", "newRun")));
const HAN = /[\u4e00-\u9fff]/;

describe("rules", () => {
  const raised = pythonFiles("spec").filter((file) => file !== "spec/errors.py")
    .flatMap((file) => [...pythonSource(file).matchAll(/raise ValueError\(\s*f?"([^"]+)"/g)].map((match) => match[1] ?? ""));

  it("finds them in the sources", () => {
    expect(raised.length).toBeGreaterThan(9);
    expect(raised).toContain("give epochs or steps");
  });

  it("has Chinese for each of them, and none that is stale", () => {
    const wanted = raised.map((text) => `rule.${ruleOf(text)}`).sort();
    expect([...chinese.keys()].filter((key) => key.startsWith("rule.")).sort()).toEqual(wanted);
    for (const key of wanted) expect(chinese.get(key), key).toMatch(HAN);
  });

  it("knows them again as the server says them", () => {
    expect(ruleOf("Value error, give epochs or steps, not both")).toBe("give_epochs_or_steps_not_both");
    expect(chinese.has(`rule.${ruleOf("is not an address such as http://127.0.0.1:8080/v1")}`)).toBe(true);
  });
});

describe("notes", () => {
  const written = [...pythonSource("spec/importers/lora_scripts.py").matchAll(/(?<!")"(`\S[^"]+\.)"/g)].map((match) => (match[1] ?? "").replaceAll(/{\w+(\[.*?\])?}/g, "512"));

  it("knows every note of the importer, and has Chinese for it", () => {
    expect(written.length).toBe(5);
    const keys = written.map((text) => noteOf(text)?.key);
    expect(new Set(keys).size).toBe(5);
    for (const key of keys) expect(chinese.get(`note.${key}`), key).toMatch(HAN);
  });

  it("takes over what stands in it", () => {
    expect(noteOf("`lr: 1` was not carried over: `unet_lr` already says it.")).toEqual({ key: "twice", parts: { what: "lr: 1", other: "unet_lr" } });
    expect(noteOf("Something new.")).toBeNull();
  });
});
