import { describe, expect, it } from "vitest";
import { act, backFrom, configOf, type Draft } from "@/features/new-run/draft";

const EMPTY: Draft = { preset: "style", dataset: null, changed: {} };

describe("act", () => {
  it("lets steps take the place of epochs, and takes both back at once", () => {
    const set = act(EMPTY, { do: "set", key: "training.steps", value: 100 });
    expect(set.changed).toEqual({ "training.steps": 100, "training.epochs": null });
    expect(act(set, { do: "reset", key: "training.steps" }).changed).toEqual({});
  });

  it("keeps what was changed when another preset is chosen", () => {
    const changed = act(EMPTY, { do: "set", key: "lora.rank", value: 4 });
    expect(act(changed, { do: "preset", name: "icons" })).toEqual({ preset: "icons", dataset: null, changed: { "lora.rank": 4 } });
  });

  it("takes a text over, without its paths", () => {
    const wanted = { preset: "demo", name: "x", dataset: { path: "/home/me", flip: true }, lora: { rank: 8 } };
    expect(act(EMPTY, { do: "replace", wanted })).toEqual({
      preset: "demo", dataset: null, changed: { name: "x", "dataset.flip": true, "lora.rank": 8 },
    });
  });
});

describe("put and back", () => {
  const before: Draft = { ...EMPTY, changed: { "training.epochs": 3, "lora.rank": 8, name: "mine" } };
  const values = { "training.steps": 100, "lora.rank": 4, "training.batch_size": 2 };

  it("sets several, each as a field does", () => {
    expect(act(before, { do: "put", values }).changed).toEqual({ "training.epochs": null, "training.steps": 100, "lora.rank": 4, "training.batch_size": 2, name: "mine" });
  });

  it("takes them back at once, and keeps what was changed since", () => {
    const back = backFrom(before, values);
    const since = act(act(before, { do: "put", values }), { do: "set", key: "lora.alpha", value: 2 });
    expect(act(since, { do: "back", values: back })).toEqual({ ...before, changed: { ...before.changed, "lora.alpha": 2 } });
    expect(backFrom(before, { "lora.rank": 8 })).toEqual({});
  });
});

describe("configOf", () => {
  it("lays what was said over what is assumed", () => {
    const draft = act(EMPTY, { do: "set", key: "name", value: "mine" });
    expect(configOf(draft, { name: "theirs", base_model: "thimble" })).toEqual({ name: "mine", base_model: "thimble", preset: "style" });
  });
});
