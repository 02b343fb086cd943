import { describe, expect, it } from "vitest";
import { filmOf } from "@/features/runs/samples/film";

const sample = (step: number, index: number) => ({ step, index, url: `/${step}/${index}`, prompt: `p${index}`, seed: index });

describe("filmOf", () => {
  it("has a row a prompt and a column a step, in order, also when some are not drawn yet", () => {
    const film = filmOf([sample(100, 1), sample(0, 2), sample(0, 1), sample(50, 1)]);
    expect(film.steps).toEqual([0, 50, 100]);
    expect(film.rows.map((row) => row.prompt)).toEqual(["p1", "p2"]);
    expect(film.rows[1]?.frames.get(50)).toBeUndefined();
  });
});
