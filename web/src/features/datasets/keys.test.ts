import { describe, expect, it } from "vitest";
import { commandOf, isTyping } from "./keys";

const press = (key: string, more: { ctrl?: boolean; alt?: boolean; typing?: boolean } = {}) =>
  commandOf({ key, ctrl: false, alt: false, typing: false, ...more });

describe("commandOf", () => {
  it("goes on, edits, selects, rejects and toggles tags", () => {
    expect(press("j")).toEqual({ do: "go", by: 1 });
    expect(press("ArrowUp")).toEqual({ do: "row", by: -1 });
    expect(press("Enter")).toEqual({ do: "edit" });
    expect(press("X")).toEqual({ do: "select" });
    expect(press("Delete")).toEqual({ do: "reject" });
    expect(press("9")).toEqual({ do: "tag", place: 8 });
    expect(press("0")).toBeNull();
  });

  it("leaves a field alone, but for Ctrl+Enter and Escape", () => {
    for (const key of ["j", "x", "1", "/", "u", "?", "Enter", "Delete"]) expect(press(key, { typing: true }), key).toBeNull();
    expect(press("z", { typing: true, ctrl: true })).toBeNull();
    expect(press("Enter", { typing: true, ctrl: true })).toEqual({ do: "saveNext" });
    expect(press("Escape", { typing: true })).toEqual({ do: "leave" });
  });

  it("leaves the browser's own keys alone", () => {
    expect(press("c", { ctrl: true })).toBeNull();
    expect(press("ArrowLeft", { alt: true })).toBeNull();
    expect(press("z", { ctrl: true })).toEqual({ do: "undo" });
  });
});

describe("isTyping", () => {
  it("tells fields for text from other controls", () => {
    const box = Object.assign(document.createElement("input"), { type: "checkbox" });
    expect(isTyping(box)).toBe(false);
    expect(isTyping(document.createElement("input"))).toBe(true);
    expect(isTyping(document.createElement("textarea"))).toBe(true);
    expect(isTyping(document.createElement("button"))).toBe(false);
  });
});
