import { expect, it } from "vitest";
import { byImage } from "./grouped";

it("groups what differs by picture, and leaves out what only follows from it", () => {
  const one = { image: "a", name: "a.png", field: "caption", before: "x", after: "y" };
  const grouped = byImage([one, { ...one, image: "b", name: "b.png" }, { ...one, field: "repeats", before: 1, after: 2 }, { ...one, image: "c", field: "author" }]);
  expect(grouped.map(({ image, fields }) => [image, fields.map(({ field }) => field)])).toEqual([["a", ["caption", "repeats"]], ["b", ["caption"]]]);
});
