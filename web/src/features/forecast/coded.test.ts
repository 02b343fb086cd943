import { expect, it } from "vitest";
import { fillable, filled } from "@/features/forecast/coded";

it("takes a text only with all its figures", () => {
  expect(fillable("{{cut}} of {{ pictures }}", { cut: 0, pictures: 12, more: 1 })).toBe(true);
  expect(fillable("{{cut}} of {{pictures}}", { cut: 3 })).toBe(false);
  expect(fillable("{{cut}}", { cut: null })).toBe(false);
  expect(fillable("Nothing to fill.", {})).toBe(true);
  expect(fillable(undefined, {})).toBe(false);
});

it("fills in, each figure as it is shown", () => {
  expect(filled("{{a}} and {{ a }}, {{b}}", { a: 1 }, (name, value) => `${name}=${String(value)}`)).toBe("a=1 and a=1, {{b}}");
});
