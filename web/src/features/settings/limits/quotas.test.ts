import { describe, expect, it } from "vitest";
import type { Quota } from "@/api/types";
import { draftOf, itemsOf, withOneMore } from "./quotas";

const quota = (kind: Quota["kind"], name: string, most_active: number | null = null, most_queued: number | null = null): Quota => ({ kind, name, most_active, most_queued });

describe("quotas", () => {
  it("come back as they were", () => {
    const items = [quota("user", "", 2), quota("team", "", null, 50), quota("team", "ink", 4), quota("user", "anna")];
    expect(itemsOf(draftOf(items))).toEqual(items);
  });

  it("leave out what limits nobody, and keep what lifts a limit for one", () => {
    const draft = draftOf([quota("user", "anna")]);
    expect(draft.everyUser).toEqual(quota("user", ""));
    expect(itemsOf(draft)).toEqual([quota("user", "anna")]);
  });

  it("take a quota of 0 for a limit", () => {
    expect(itemsOf(draftOf([quota("team", "", 0)]))).toEqual([quota("team", "", 0)]);
  });

  it("leave out those of nobody and trim names", () => {
    const draft = withOneMore(draftOf([]));
    expect(itemsOf(draft)).toEqual([]);
    expect(itemsOf({ ...draft, own: [quota("team", " ink ", 1)] })).toEqual([quota("team", "ink", 1)]);
  });
});
