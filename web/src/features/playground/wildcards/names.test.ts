import { expect, it } from "vitest";
import { isName, linesOf, nameFrom } from "./names";

it("takes a name as it was meant", () => {
  expect(["colour", "颜色", "__time-of-day__", "time of day"].map(nameFrom)).toEqual(["colour", "颜色", "time-of-day", "time-of-day"]);
  expect(["colour", "颜色", "a_b-1"].every(isName)).toBe(true);
  expect(["", "a b", "a/b", "a".repeat(61)].some(isName)).toBe(false);
});

it("counts lines that say something", () => {
  expect(linesOf(" red \n\n  blue\n")).toEqual(["red", "blue"]);
});
