import { expect, it } from "vitest";
import { EVERYTHING, filterOf, isNarrow, queryOf, withTag } from "./filter";

it("goes into the address and comes back", () => {
  const filter = { search: "a & b", tags: ["猫", "long hair"], only: "held_out", finding: null, asked: { trigger: "", resolution: null } } as const;
  expect(filterOf(new URLSearchParams(queryOf(filter).toString()))).toEqual(filter);
  expect(filterOf(new URLSearchParams("only=nonsense"))).toEqual(EVERYTHING);
});

it("keeps what the score card was asked with, beside its finding", () => {
  const filter = { ...EVERYTHING, finding: "trigger_missing", asked: { trigger: "zwx 猫", resolution: 512 } };
  expect(filterOf(new URLSearchParams(queryOf(filter).toString()))).toEqual(filter);
  expect(queryOf({ ...filter, finding: null }).toString()).toBe("");
});

it("takes a tag in, and out again however it is written", () => {
  const one = withTag(EVERYTHING, "Long_Hair");
  expect(isNarrow(one)).toBe(true);
  expect(isNarrow(withTag(one, "long hair"))).toBe(false);
});
