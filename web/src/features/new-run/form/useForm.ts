// What a field needs to know: its value, whether it was changed, what is wrong with it.
import { createContext, use } from "react";
import type { Preset, Problem } from "@/api/types";
import type { Act, Draft } from "@/features/new-run/draft";
import { at, type Nested, same, type Value } from "@/features/new-run/form/nested";
import type { Field, FieldGroup } from "@/features/new-run/form/schema";

export interface FieldState {
  value: Value | undefined;
  /** What it is without the person's change. */
  usual: Value | undefined;
  changed: boolean;
  problem: Problem | undefined;
}

export interface Form {
  stateOf: (field: Field) => FieldState;
  fieldOf: (key: string) => Field | undefined;
  set: (key: string, value: Value) => void;
  reset: (key: string) => void;
}

interface Parts {
  groups: readonly FieldGroup[];
  draft: Draft;
  preset: Preset | undefined;
  /** As the server resolved it, with and without what was changed; null while something is wrong. */
  config: Nested | null | undefined;
  plain: Nested | null | undefined;
  problems: readonly Problem[];
  actions: Pick<Form, "set" | "reset">;
}

/** Made once, so that a field is not drawn anew for them. */
export const actionsOf = (dispatch: (action: Act) => void): Pick<Form, "set" | "reset"> => ({
  set: (key, value) => dispatch({ do: "set", key, value }),
  reset: (key) => dispatch({ do: "reset", key }),
});

export function formOf({ groups, draft, preset, config, plain, problems, actions }: Parts): Form {
  return {
    fieldOf: (key) => groups.flatMap((group) => group.fields).find((field) => field.key === key),
    ...actions,
    stateOf: (field) => {
      const { key } = field;
      const usual = at(plain, key) ?? at(preset?.settings as Nested | undefined, key) ?? field.default;
      const own = draft.changed[key];
      return {
        value: own !== undefined ? own : (at(config, key) ?? usual),
        usual,
        changed: own !== undefined && !same(own, usual),
        problem: problems.find((problem) => problem.key === key),
      };
    },
  };
}

export const FormContext = createContext<Form | null>(null);

export function useForm(): Form {
  const form = use(FormContext);
  if (form === null) throw new Error("useForm outside of a form");
  return form;
}
