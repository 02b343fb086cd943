import { expect, it } from "vitest";
import { DOINGS, editOf, START } from "./edits";

it("is no edit until it says what to look for", () => {
  expect(editOf(START)).toBeNull();
  expect(editOf({ ...START, find: "cat", put: "fox", mode: "whole" })).toEqual({ do: "replace", find: "cat", put: "fox", regex: false, case: false, whole_tag: true });
});

it("reads tags between any commas, once each", () => {
  expect(editOf({ ...START, doing: "add_tags", tags: "ink， snow、Ink" })).toEqual({ do: "add_tags", tags: ["ink", "snow"], at: "end" });
  expect(editOf({ ...START, doing: "remove_tags", tags: " ，" })).toBeNull();
});

it("keeps the blanks of a prefix, which separate", () => {
  expect(editOf({ ...START, doing: "prefix", text: "inkmei, " })).toEqual({ do: "prefix", text: "inkmei, " });
});

it("refuses repeats that are none", () => {
  expect(editOf({ ...START, doing: "repeats", times: 0 })).toBeNull();
});

it("makes every edit once it is filled in", () => {
  const full = { ...START, find: "a", text: "b", tags: "c" };
  for (const doing of DOINGS) expect(editOf({ ...full, doing })?.do).toBe(doing);
});
