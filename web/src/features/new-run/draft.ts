// What the person has chosen so far, apart from what the preset and the defaults say.
import { type Flat, flatten, nest, type Nested, same, type Value } from "@/features/new-run/form/nested";

export interface Draft {
  preset: string | null;
  dataset: string | null;
  /** By dotted key: only what was set by hand, or came with a text. */
  changed: Flat;
  /** What a machine must have to take it. */
  labels?: readonly string[];
}

export type Act =
  | { do: "preset"; name: string }
  | { do: "dataset"; id: string }
  | { do: "labels"; labels: readonly string[] }
  | { do: "set"; key: string; value: Value }
  | { do: "reset"; key: string }
  /** Several set at once. */
  | { do: "put"; values: Flat }
  /** Several as they were, to the letter; what has no value was not changed. */
  | { do: "back"; values: Partial<Flat> }
  | { do: "replace"; wanted: Nested };

/** Of two that exclude each other, setting one empties the other. */
const RIVALS: Record<string, string> = { "training.epochs": "training.steps", "training.steps": "training.epochs" };
/** The server says where the pictures lie. */
const NOT_OURS = new Set(["preset", "dataset.path", "dataset.metadata_path"]);

export function act(draft: Draft, action: Act): Draft {
  switch (action.do) {
    case "preset":
      return { ...draft, preset: action.name };
    case "dataset":
      return { ...draft, dataset: action.id };
    case "labels":
      return { ...draft, labels: action.labels };
    case "set": {
      const rival = RIVALS[action.key];
      const emptied = rival !== undefined && action.value !== null ? { [rival]: null } : {};
      return { ...draft, changed: { ...draft.changed, ...emptied, [action.key]: action.value } };
    }
    case "reset": {
      const gone = [action.key, RIVALS[action.key]];
      return { ...draft, changed: Object.fromEntries(Object.entries(draft.changed).filter(([key]) => !gone.includes(key))) };
    }
    case "put":
      return Object.entries(action.values).reduce<Draft>((before, [key, value]) => act(before, { do: "set", key, value }), draft);
    case "back":
      return { ...draft, changed: Object.fromEntries(Object.entries({ ...draft.changed, ...action.values }).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))) };
    case "replace": {
      const { preset } = action.wanted;
      return { ...draft, preset: typeof preset === "string" ? preset : draft.preset, changed: changesOf(action.wanted) };
    }
  }
}

/** What takes `values` back once they are put, and nothing else that is changed after them. */
export function backFrom(draft: Draft, values: Flat): Partial<Flat> {
  const after = act(draft, { do: "put", values }).changed;
  const touched = Object.keys(after).filter((key) => !(key in draft.changed) || !same(draft.changed[key], after[key]));
  return Object.fromEntries(touched.map((key) => [key, draft.changed[key]]));
}

export function changesOf(wanted: Nested): Flat {
  return Object.fromEntries(Object.entries(flatten(wanted)).filter(([key]) => !NOT_OURS.has(key)));
}

/** The config as it is sent: `assumed` stands where the person has said nothing. */
export function configOf(draft: Draft, assumed: Flat): Nested {
  const preset: Flat = draft.preset === null ? {} : { preset: draft.preset };
  return nest({ ...assumed, ...draft.changed, ...preset });
}
