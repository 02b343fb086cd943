// What the keys do, wherever the cursor is but in a field.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent } from "react";
import { useTranslation } from "react-i18next";
import { announce } from "@/components/announce";
import { ALL, updateImage } from "../api";
import { putImage } from "../imagesQuery";
import { type Command, commandOf, isTaken, strokeOf } from "../keys";
import { useDrafts } from "../useCaption";
import { holds, tagsOf, toggled } from "../words/tags";
import type { Editor } from "./useEditor";

interface Wants {
  /** Pictures in a row of the grid. */
  columns: () => number;
  search: () => void;
  help: () => void;
}

/** While a dialog other than the large view is open, keys are the dialog's. */
function elsewhere(target: EventTarget | null): boolean {
  if (target instanceof Element && target.closest("[role=menu]")) return true;
  return [...document.querySelectorAll("[role=dialog]")].some((dialog) => dialog.querySelector("[data-viewer]") === null);
}

export function useCommands(editor: Editor, { columns, search, help }: Wants): void {
  const { t } = useTranslation("datasets");
  const client = useQueryClient();
  const drafts = useDrafts(editor.dataset.id);
  const { images, active, opened, readOnly } = editor;

  const go = (by: number, part?: "caption") => {
    const at = images.findIndex((image) => image.id === (opened ?? active));
    const next = images[at < 0 ? 0 : Math.min(Math.max(at + by, 0), images.length - 1)];
    if (!next) return;
    if (opened !== null) editor.open(next.id);
    editor.activate(next.id, part);
  };

  const write = (command: Command): boolean => {
    const image = images.find((one) => one.id === (opened ?? active));
    if (!image || readOnly) return false;
    switch (command.do) {
      case "tag": {
        const tag = editor.quick[command.place]?.tag;
        if (tag === undefined) return false;
        const draft = drafts.get(image.id);
        const text = draft && draft.state !== "idle" && draft.state !== "saved" ? draft.text : image.caption;
        drafts.write(image, toggled(text, tag));
        announce(t(holds(tagsOf(text), tag) ? "keys.without" : "keys.with", { tag, name: image.name }));
        return true;
      }
      case "reject": {
        const ids = editor.selected.size && opened === null ? [...editor.selected] : [image.id];
        if (ids.length === 1) go(images.at(-1)?.id === image.id ? -1 : 1);
        editor.apply.mutate({ ...ALL, edit: { do: "remove" }, images: ids });
        editor.select(ids, false);
        return true;
      }
      case "holdOut":
        updateImage(image.id, { held_out: !image.held_out }).then(
          (changed) => {
            putImage(client, editor.dataset.id, changed);
            announce(t(changed.held_out ? "keys.heldOut" : "keys.trained", { name: image.name }));
          },
          (error: Error) => announce(error.message, "bad"),
        );
        return true;
      default:
        return false;
    }
  };

  const run = (command: Command, event: KeyboardEvent): boolean => {
    switch (command.do) {
      case "go":
        go(command.by);
        return true;
      case "row":
        if (opened !== null) return false;
        go(command.by * columns());
        return true;
      case "edit": {
        const image = opened ?? active ?? images[0]?.id;
        if (image) editor.activate(image, "caption");
        return true;
      }
      case "open":
        if (opened !== null || active === null) return false;
        editor.open(active);
        return true;
      case "crop":
      case "mask": {
        const image = opened ?? active;
        if (image === null || readOnly) return false;
        if (opened === null) editor.open(image);
        editor.setMode(editor.mode === command.do ? "look" : command.do);
        return true;
      }
      case "saveNext": {
        if (!(event.target instanceof Element) || event.target.closest("[data-caption]") === null) return false;
        const image = event.target.closest("[data-caption]")?.getAttribute("data-caption");
        if (image) void drafts.flush(image);
        go(1, "caption");
        return true;
      }
      case "leave": {
        const field = event.target instanceof HTMLElement ? event.target : null;
        const image = field?.closest("[data-caption]")?.getAttribute("data-caption");
        if (!image) return false;
        field?.blur();
        editor.activate(image);
        return true;
      }
      case "select":
        if (active !== null && !readOnly) editor.toggle(opened ?? active, false);
        return true;
      case "selectAll":
        if (opened !== null || readOnly) return false;
        editor.select(images.map((image) => image.id), true);
        return true;
      case "search":
        search();
        return true;
      case "undo":
        if (!readOnly) editor.undo.mutate(undefined);
        return true;
      case "help":
        help();
        return true;
      default:
        return write(command);
    }
  };

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.isComposing || isTaken(event) || elsewhere(event.target)) return;
    const command = commandOf(strokeOf(event));
    if (command && run(command, event)) event.preventDefault();
  });

  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    globalThis.addEventListener("keydown", listen);
    return () => globalThis.removeEventListener("keydown", listen);
  }, []);
}
