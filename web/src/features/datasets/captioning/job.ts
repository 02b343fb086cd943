// The job of an engine as a form: fields from its schema, but those that are asked in a way of their own.
import type { Problem } from "@/api/types";
import { type Flat, same, type Value } from "@/features/new-run/form/nested";
import { type Field, groupsOf, type Schema } from "@/features/new-run/form/schema";
import type { Form } from "@/features/new-run/form/useForm";

export const EXISTING = ["keep", "append", "prepend", "replace"] as const;
export type Existing = (typeof EXISTING)[number];

/** What was filled in; `changed` are fields of the schema. */
export interface Job {
  labels: string[];
  labelSets: string[];
  existing: Existing;
  changed: Flat;
}

export const START: Job = { labels: [], labelSets: [], existing: "keep", changed: {} };

const ASKED_APART = new Set(["engine", "existing", "labels", "label_sets"]);
/** What most people want to say; the rest is folded away. */
const FIRST = new Set(["model", "trigger", "url", "prompt", "max_labels", "general_threshold"]);

export function fieldsOf(schema: Schema): { first: Field[]; more: Field[] } {
  const all = groupsOf(schema, "").flatMap((group) => group.fields).filter((field) => !ASKED_APART.has(field.key));
  return { first: all.filter((field) => FIRST.has(field.key)), more: all.filter((field) => !FIRST.has(field.key)) };
}

export const takesLabels = (schema: Schema): boolean => schema.properties?.labels !== undefined;

interface Parts {
  fields: readonly Field[];
  changed: Flat;
  problems: readonly Problem[];
  set: (changed: Flat) => void;
}

export function formOf({ fields, changed, problems, set }: Parts): Form {
  return {
    fieldOf: (key) => fields.find((field) => field.key === key),
    set: (key, value: Value) => set({ ...changed, [key]: value }),
    reset: (key) => set(Object.fromEntries(Object.entries(changed).filter(([name]) => name !== key))),
    stateOf: (field) => {
      const own = changed[field.key];
      return {
        value: own === undefined ? field.default : own,
        usual: field.default,
        changed: own !== undefined && !same(own, field.default),
        problem: problems.find((problem) => problem.key.split(".").at(-1) === field.key),
      };
    },
  };
}
