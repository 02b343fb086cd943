/** The config's JSON schema -> groups of fields: what the forms are generated from. Nothing here names a field. */

import type { Value } from "@/features/new-run/form/nested";

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  discriminator?: { propertyName: string; mapping: Record<string, string> };
  properties?: Record<string, Schema>;
  items?: Schema;
  prefixItems?: Schema[];
  enum?: Value[];
  const?: Value;
  default?: unknown;
  title?: string;
  description?: string;
  unit?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  "x-zh"?: { label?: string; help?: string; unit?: string; choices?: Record<string, string> };
}

export type Kind = "switch" | "choice" | "integer" | "number" | "text" | "lines" | "numbers";

export interface Words {
  label: string;
  help: string;
  unit: string;
  /** Word of a choice, by its value; a value without one is its own word. */
  choices: Record<string, string>;
}

export interface Field {
  key: string;
  kind: Kind;
  nullable: boolean;
  choices: string[];
  min?: number;
  max?: number;
  step?: number;
  default: Value | undefined;
  en: Words;
  zh: Words;
}

export interface FieldGroup {
  /** Empty for the fields of the run itself. */
  key: string;
  en: Words;
  zh: Words;
  fields: Field[];
}

const NOTHING: Words = { label: "", help: "", unit: "", choices: {} };

/** Groups of the run of `family`, the run's own fields last. */
export function groupsOf(root: Schema, family: string): FieldGroup[] {
  const ref = root.discriminator?.mapping[family] ?? root.oneOf?.[0]?.$ref;
  const run = ref === undefined ? root : resolve(root, { $ref: ref });
  const groups: FieldGroup[] = [];
  const own: Field[] = [];
  for (const [name, property] of Object.entries(run.properties ?? {})) {
    const inner = resolve(root, property);
    if (inner.properties === undefined) {
      const field = fieldOf(root, name, property);
      if (field !== null) own.push(field);
      continue;
    }
    const fields = Object.entries(inner.properties).flatMap(([key, schema]) => {
      const field = fieldOf(root, `${name}.${key}`, schema);
      return field === null ? [] : [field];
    });
    groups.push({ key: name, ...wordsOf(name, property, inner), fields });
  }
  return [...groups, { key: "", en: NOTHING, zh: NOTHING, fields: own }];
}

function resolve(root: Schema, schema: Schema): Schema {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : (root.$defs?.[name] ?? schema);
}

function fieldOf(root: Schema, key: string, schema: Schema): Field | null {
  const options = (schema.anyOf ?? [schema]).map((option) => resolve(root, option));
  const inner = options.find((option) => option.type !== "null");
  if (inner === undefined || inner.const !== undefined) return null;
  const kind = kindOf(inner);
  if (kind === null) return null;
  return {
    key,
    kind,
    nullable: options.some((option) => option.type === "null"),
    choices: (inner.enum ?? []).map(String),
    min: inner.minimum ?? inner.exclusiveMinimum,
    max: inner.maximum ?? inner.exclusiveMaximum,
    step: inner.multipleOf,
    default: schema.default as Value | undefined,
    ...wordsOf(key.split(".").at(-1) ?? key, schema, inner),
  };
}

function kindOf(schema: Schema): Kind | null {
  if (schema.enum !== undefined) return "choice";
  switch (schema.type) {
    case "boolean":
      return "switch";
    case "integer":
      return "integer";
    case "number":
      return "number";
    case "string":
      return "text";
    case "array":
      return schema.prefixItems === undefined ? "lines" : "numbers";
    default:
      return null;
  }
}

function wordsOf(name: string, schema: Schema, inner: Schema): { en: Words; zh: Words } {
  const en = {
    label: schema.title ?? name,
    help: schema.description ?? inner.description ?? "",
    unit: schema.unit ?? inner.unit ?? "",
    choices: {},
  };
  return { en, zh: { ...en, ...(schema["x-zh"] ?? inner["x-zh"]) } };
}
