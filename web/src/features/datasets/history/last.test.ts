import { expect, it } from "vitest";
import type { Change } from "../api";
import { lastOf } from "./last";

const change = (number: number, part: Partial<Change> = {}): Change => ({ number, kind: "edit", by: "person:mei", words: {}, count: 1, created_at: "", undone: false, ...part });

it("takes back the newest own change that stands", () => {
  const changes = [change(6, { kind: "undo" }), change(5, { undone: true }), change(4, { by: "person:jonas" }), change(3, { kind: "add" }), change(2), change(1)];
  expect(lastOf(changes, "mei")?.number).toBe(2);
  expect(lastOf(changes, "jonas")?.number).toBe(4);
  expect(lastOf([change(1, { kind: "engine", by: "engine:clip 1" })], "mei")?.number).toBe(1);
  expect(lastOf([], "mei")).toBeUndefined();
});
