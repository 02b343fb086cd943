import { afterEach, expect, it, vi } from "vitest";
import { EMPTY } from "./shape";
import { NEW, UnsavedTexts } from "./unsaved";

afterEach(() => localStorage.clear());
const writing = (text: string) => ({ ...EMPTY, shape: "document" as const, text });

it("is there again after the page was closed, and gone once it is saved or discarded", () => {
  const first = new UnsavedTexts("d");
  first.put("e1", { writing: writing("half a sent"), base: writing("half"), version: 3 });
  first.put(NEW, { writing: writing("new"), base: null, version: 0 });
  const again = new UnsavedTexts("d");
  expect(again.get()).toEqual({ e1: { writing: writing("half a sent"), base: writing("half"), version: 3 }, new: { writing: writing("new"), base: null, version: 0 } });
  expect(new UnsavedTexts("other").get()).toEqual({});
  again.drop("e1");
  again.drop(NEW);
  expect(localStorage.length).toBe(0);
});

it("tells who listens, and gives the same object until something changes", () => {
  const texts = new UnsavedTexts("d");
  const told = vi.fn();
  const stop = texts.subscribe(told);
  const before = texts.get();
  texts.drop("nothing");
  expect(texts.get()).toBe(before);
  expect(told).not.toHaveBeenCalled();
  texts.put("e", { writing: writing("x"), base: null, version: 1 });
  expect(told).toHaveBeenCalledOnce();
  stop();
});

it("begins anew when what was kept cannot be read", () => {
  localStorage.setItem("loom.examples d", "{half");
  expect(new UnsavedTexts("d").get()).toEqual({});
});
