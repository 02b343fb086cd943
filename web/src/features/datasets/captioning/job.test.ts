import { expect, it } from "vitest";
import { fieldsOf, formOf, takesLabels } from "./job";

const SCHEMA = {
  properties: {
    engine: { const: "clip", type: "string" },
    model: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
    labels: { type: "array", items: { type: "string" }, default: [] },
    existing: { enum: ["keep", "replace"], type: "string", default: "keep" },
    batch_size: { type: "integer", default: 8 },
  },
};

it("makes fields of the schema, the usual ones first", () => {
  const { first, more } = fieldsOf(SCHEMA);
  expect(first.map((field) => field.key)).toEqual(["model"]);
  expect(more.map((field) => field.key)).toEqual(["batch_size"]);
  expect(takesLabels(SCHEMA)).toBe(true);
});

it("keeps changes, and finds the problem of a field by the end of its key", () => {
  const { more: fields } = fieldsOf(SCHEMA);
  const [field] = fields;
  if (!field) throw new Error("no field");
  const problem = { key: "job.clip.batch_size", message: "too many", hint: "", kind: "", limits: {} };
  let changed = {};
  const form = () => formOf({ fields, changed, problems: [problem], set: (next) => (changed = next) });
  form().set("batch_size", 16);
  expect(form().stateOf(field)).toMatchObject({ value: 16, usual: 8, changed: true, problem });
  form().reset("batch_size");
  expect(form().stateOf(field)).toMatchObject({ value: 8, changed: false });
});
