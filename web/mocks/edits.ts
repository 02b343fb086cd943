// The mock's edits of captions, close enough to the server's to look at.
import type { Edit, Image } from "../src/features/datasets/api.ts";
import { holds, joined, once, same, tagsOf } from "../src/features/datasets/words/tags.ts";

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

export function edited(edit: Edit, image: Image): Partial<Image> {
  switch (edit.do) {
    case "hold_out":
      return { held_out: edit.on };
    case "repeats":
      return { repeats: edit.times };
    case "remove":
      return { removed: true };
    case "bring_back":
      return { removed: false };
    default:
      return { caption: captionOf(edit, image.caption ?? "") };
  }
}

function captionOf(edit: Edit, caption: string): string {
  const tags = tagsOf(caption);
  const unless = (changed: string[]) => (joined(changed) === joined(tags) ? caption : joined(changed));
  switch (edit.do) {
    case "replace": {
      if (edit.whole_tag) return unless(once(tags.map((tag) => (same(tag) === same(edit.find) ? edit.put : tag)).filter(Boolean)));
      const pattern = new RegExp(edit.regex ? edit.find : escaped(edit.find), edit.case ? "gu" : "giu");
      return edit.regex ? caption.replace(pattern, edit.put.replace(/\\(\d)/g, "$$$1")) : caption.replace(pattern, () => edit.put);
    }
    case "prefix":
      return caption.startsWith(edit.text) ? caption : edit.text + caption;
    case "suffix":
      return caption.endsWith(edit.text) ? caption : caption + edit.text;
    case "trigger":
      return unless([edit.text, ...tags.filter((tag) => same(tag) !== same(edit.text))]);
    case "add_tags": {
      const fresh = edit.tags.filter((tag) => !holds(tags, tag));
      return unless(edit.at === "start" ? [...fresh, ...tags] : [...tags, ...fresh]);
    }
    case "remove_tags":
      return unless(tags.filter((tag) => !holds(edit.tags, tag)));
    case "rename_tag":
      return unless(once(tags.map((tag) => (same(tag) === same(edit.old) ? edit.new : tag))));
    case "sort_tags":
      return unless(tags.toSorted((a, b) => same(a).localeCompare(same(b))));
    case "dedupe_tags":
      return unless(once(tags));
    case "full_width":
      return /[，、]/.test(caption) ? joined(tags) : caption;
    case "set":
      return edit.caption;
    default:
      return caption;
  }
}
