// The edits of many pictures as a form: what each asks for, and when it can be done.
import type { Edit } from "../api";
import { once, tagsOf } from "../words/tags";

export const DOINGS = [
  "replace", "trigger", "prefix", "suffix", "add_tags", "remove_tags", "sort_tags", "dedupe_tags", "full_width", "set", "hold_out", "repeats", "remove", "bring_back",
] as const satisfies readonly Edit["do"][];
export type Doing = (typeof DOINGS)[number];

/** All that can be filled in, kept while another edit is looked at. */
export interface Form {
  doing: Doing;
  find: string;
  put: string;
  mode: "plain" | "whole" | "regex";
  case: boolean;
  text: string;
  tags: string;
  at: "start" | "end";
  on: boolean;
  times: number;
}

export const START: Form = { doing: "replace", find: "", put: "", mode: "plain", case: false, text: "", tags: "", at: "end", on: true, times: 2 };

/** The edit, or null while something is missing. */
export function editOf(form: Form): Edit | null {
  const { doing, text } = form;
  switch (doing) {
    case "replace":
      return form.find ? { do: doing, find: form.find, put: form.put, regex: form.mode === "regex", case: form.case, whole_tag: form.mode === "whole" } : null;
    case "prefix":
    case "suffix":
      return text ? { do: doing, text } : null;
    case "trigger":
      return text.trim() ? { do: doing, text: text.trim() } : null;
    case "add_tags":
    case "remove_tags": {
      const tags = once(tagsOf(form.tags));
      if (!tags.length) return null;
      return doing === "add_tags" ? { do: doing, tags, at: form.at } : { do: doing, tags };
    }
    case "set":
      return { do: doing, caption: text };
    case "hold_out":
      return { do: doing, on: form.on };
    case "repeats":
      return Number.isInteger(form.times) && form.times >= 1 && form.times <= 1000 ? { do: doing, times: form.times } : null;
    default:
      return { do: doing };
  }
}
