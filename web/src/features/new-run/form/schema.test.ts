import { describe, expect, it } from "vitest";
import { at, flatten, nest, same } from "@/features/new-run/form/nested";
import { groupsOf, type Schema } from "@/features/new-run/form/schema";

const SCHEMA: Schema = {
  discriminator: { propertyName: "family", mapping: { sd1: "#/$defs/Sd1Run" } },
  oneOf: [{ $ref: "#/$defs/Sd1Run" }],
  $defs: {
    Sd1Run: {
      properties: {
        name: { type: "string", default: "lora", description: "Name." },
        family: { const: "sd1", type: "string" },
        lora: { $ref: "#/$defs/Lora", title: "LoRA", description: "The adapter.", "x-zh": { label: "适配器", help: "训练的部分。" } },
      },
    },
    Lora: {
      type: "object",
      properties: {
        rank: { type: "integer", title: "Rank", minimum: 1, maximum: 1024, default: 16, description: "Size.", "x-zh": { label: "秩", help: "大小。" } },
        alpha: { anyOf: [{ type: "number", exclusiveMinimum: 0 }, { type: "null" }], default: null, title: "Alpha", unit: "times", "x-zh": { label: "强度", unit: "次" } },
        targets: { enum: ["attention", "all"], type: "string", default: "all", "x-zh": { choices: { all: "全部" } } },
        include_blocks: { type: "array", items: { type: "string" }, default: [] },
        betas: { type: "array", prefixItems: [{ type: "number" }, { type: "number" }], default: [0.9, 0.99] },
        dora: { type: "boolean", default: false },
      },
    },
  },
};

describe("groupsOf", () => {
  const [lora, own] = groupsOf(SCHEMA, "sd1");

  it("makes a group of every nested model, in both languages", () => {
    expect(lora?.key).toBe("lora");
    expect(lora?.zh).toMatchObject({ label: "适配器", help: "训练的部分。" });
    expect(lora?.en).toMatchObject({ label: "LoRA", help: "The adapter." });
  });

  it("tells the kind, limits and unit of each field", () => {
    expect(lora?.fields.map((field) => field.kind)).toEqual(["integer", "number", "choice", "lines", "numbers", "switch"]);
    expect(lora?.fields[0]).toMatchObject({ key: "lora.rank", min: 1, max: 1024, default: 16, nullable: false });
    expect(lora?.fields[1]).toMatchObject({ nullable: true, en: { label: "Alpha", unit: "times" }, zh: { label: "强度", unit: "次" } });
    expect(lora?.fields[2]?.choices).toEqual(["attention", "all"]);
    expect(lora?.fields[2]?.zh.choices).toEqual({ all: "全部" });
  });

  it("keeps the run's own fields and leaves out what cannot be chosen", () => {
    expect(own?.fields.map((field) => field.key)).toEqual(["name"]);
  });

  it("falls back to the first family", () => {
    expect(groupsOf(SCHEMA, "unheard of")).toHaveLength(2);
  });
});

describe("nested", () => {
  it("goes to dotted keys and back", () => {
    const config = { preset: "demo", lora: { rank: 8, include_blocks: ["mid"] }, training: { epochs: null } };
    const flat = flatten(config);
    expect(flat).toEqual({ preset: "demo", "lora.rank": 8, "lora.include_blocks": ["mid"], "training.epochs": null });
    expect(nest(flat)).toEqual(config);
  });

  it("reads one value", () => {
    expect(at({ lora: { rank: 8 } }, "lora.rank")).toBe(8);
    expect(at({ lora: { rank: 8 } }, "lora")).toBeUndefined();
    expect(at(null, "lora.rank")).toBeUndefined();
  });

  it("compares values, lists too", () => {
    expect(same([0.9, 0.99], [0.9, 0.99])).toBe(true);
    expect(same(null, undefined)).toBe(true);
    expect(same(1, "1")).toBe(false);
  });
});
