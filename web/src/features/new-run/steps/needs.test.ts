import { expect, it } from "vitest";
import { needsOf } from "@/features/new-run/steps/needs";

const need = (memory: number | null, fits: boolean, changes = {}) => ({ memory, fits, changes });
const SAVING = { "training.micro_batch": 1 };

it("says from which card on a preset goes as it is, and on which smaller one it still does", () => {
  expect(needsOf([need(null, true), need(6, true, SAVING), need(8, true), need(12, true)])).toEqual({ plain: 8, saving: 6 });
  expect(needsOf([need(6, false), need(8, true), need(12, true, { "training.gradient_checkpointing": false })])).toEqual({ plain: 8, saving: null });
  expect(needsOf([need(24, true, SAVING), need(48, true, SAVING)])).toEqual({ plain: null, saving: 24 });
  expect(needsOf([need(null, true), need(48, false)])).toEqual({ plain: null, saving: null });
  expect(needsOf()).toEqual({ plain: null, saving: null });
});
