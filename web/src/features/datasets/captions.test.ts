import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/errors";
import { CaptionDrafts } from "./captions";

describe("CaptionDrafts", () => {
  const save = vi.fn<(image: string, caption: string) => Promise<unknown>>();
  let drafts: CaptionDrafts;

  beforeEach(() => {
    vi.useFakeTimers();
    save.mockReset().mockResolvedValue(undefined);
    drafts = new CaptionDrafts(save);
  });
  afterEach(() => vi.useRealTimers());

  it("saves once, after a pause", async () => {
    for (const text of ["a", "a c", "a cat"]) drafts.write("i", text, "");
    expect(save).not.toHaveBeenCalled();
    await vi.runAllTimersAsync();
    expect(save.mock.calls).toEqual([["i", "a cat"]]);
    expect(drafts.get("i")).toMatchObject({ state: "saved", text: "a cat" });
  });

  it("saves what was written while a save was under way, afterwards", async () => {
    let done: (value: unknown) => void = () => undefined;
    save.mockReturnValueOnce(new Promise((resolve) => (done = resolve)));
    drafts.write("i", "one", "");
    await vi.advanceTimersByTimeAsync(1_000);
    drafts.write("i", "two", "");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(save).toHaveBeenCalledTimes(1);
    done(undefined);
    await vi.runAllTimersAsync();
    expect(save.mock.calls.map(([, caption]) => caption)).toEqual(["one", "two"]);
    expect(drafts.get("i")?.state).toBe("saved");
  });

  it("does not save what did not change", async () => {
    drafts.write("i", "same", "same");
    await vi.runAllTimersAsync();
    expect(save).not.toHaveBeenCalled();
  });

  it("tries again by itself when the server could not be reached", async () => {
    save.mockRejectedValueOnce(new ApiError("offline", ""));
    drafts.write("i", "new", "old");
    await drafts.flush("i");
    expect(drafts.get("i")?.state).toBe("failed");
    await vi.advanceTimersByTimeAsync(6_000);
    expect(drafts.get("i")).toMatchObject({ state: "saved", text: "new" });
  });

  it("keeps the text when saving fails, and goes back when asked", async () => {
    save.mockRejectedValueOnce(new ApiError("disk_full", "", 507));
    drafts.write("i", "new", "old");
    await drafts.flush("i");
    expect(drafts.get("i")).toMatchObject({ state: "failed", text: "new", error: { code: "disk_full" } });
    drafts.undo("i");
    expect(drafts.get("i")).toMatchObject({ state: "idle", text: "old" });
  });
});
