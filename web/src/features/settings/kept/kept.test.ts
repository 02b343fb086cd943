import { describe, expect, it } from "vitest";
import type { Lifecycle } from "@/api/types";
import { draftOf, isWrong, keptOf } from "./kept";

const kept: Lifecycle = { checkpoints_days: 30, samples_days: 0, run_caches_days: null, cache_bytes: 1_234_567_890_123, blobs_grace_hours: 1.5 };

describe("what is kept", () => {
  it("comes back as it was, to the byte", () => {
    expect(keptOf(draftOf(kept))).toEqual(kept);
  });

  it("is edited in GB, and empty where nothing goes", () => {
    expect(draftOf(kept)).toEqual({ checkpoints_days: 30, samples_days: 0, run_caches_days: "", cache_bytes: 1234.567890123, blobs_grace_hours: 1.5 });
    expect(keptOf({ ...draftOf(kept), cache_bytes: "0.1" }).cache_bytes).toBe(100_000_000);
  });

  it("tells 0 from nothing", () => {
    expect(keptOf({ ...draftOf(kept), samples_days: "", run_caches_days: 0 })).toMatchObject({ samples_days: null, run_caches_days: 0 });
  });

  it("knows what the server would not take", () => {
    expect(isWrong("blobs_grace_hours", 0.5)).toBe(true);
    expect(isWrong("checkpoints_days", 36_501)).toBe(true);
    expect(isWrong("checkpoints_days", "-")).toBe(true);
    expect(isWrong("blobs_grace_hours", 1)).toBe(false);
    expect(isWrong("blobs_grace_hours", "")).toBe(false);
  });
});
