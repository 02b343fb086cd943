import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/errors";
import { CaptionDrafts, type Saved, type Server } from "./captions";

const image = (caption = "", version = 1): Saved => ({ id: "i", name: "i.png", caption, version });

describe("CaptionDrafts", () => {
  const save = vi.fn<Server["save"]>();
  const read = vi.fn<Server["read"]>();
  let drafts: CaptionDrafts;

  beforeEach(() => {
    vi.useFakeTimers();
    save.mockReset().mockImplementation(async (base, caption) => ({ ...base, caption, version: base.version + 1 }));
    read.mockReset();
    drafts = new CaptionDrafts({ save, read });
  });
  afterEach(() => vi.useRealTimers());

  it("saves once, after a pause", async () => {
    for (const text of ["a", "a c", "a cat"]) drafts.write(image(), text);
    expect(save).not.toHaveBeenCalled();
    await vi.runAllTimersAsync();
    expect(save.mock.calls).toEqual([[image(), "a cat"]]);
    expect(drafts.get("i")).toMatchObject({ state: "saved", text: "a cat" });
  });

  it("saves what was written while a save was under way, afterwards and on top of it", async () => {
    let done: (value: Saved) => void = () => undefined;
    save.mockReturnValueOnce(new Promise((resolve) => (done = resolve)));
    drafts.write(image(), "one");
    await vi.advanceTimersByTimeAsync(1_000);
    drafts.write(image(), "two");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(save).toHaveBeenCalledTimes(1);
    done(image("one", 2));
    await vi.runAllTimersAsync();
    expect(save.mock.calls.map(([base, caption]) => [base.version, caption])).toEqual([[1, "one"], [2, "two"]]);
    expect(drafts.get("i")?.state).toBe("saved");
  });

  it("does not save what did not change", async () => {
    drafts.write(image("same"), "same");
    await vi.runAllTimersAsync();
    expect(save).not.toHaveBeenCalled();
  });

  it("tries again by itself when the server could not be reached", async () => {
    save.mockRejectedValueOnce(new ApiError("offline", ""));
    drafts.write(image("old"), "new");
    await drafts.flush("i");
    expect(drafts.get("i")?.state).toBe("failed");
    await vi.advanceTimersByTimeAsync(6_000);
    expect(drafts.get("i")).toMatchObject({ state: "saved", text: "new" });
  });

  it("keeps the text when saving fails, and goes back when asked", async () => {
    save.mockRejectedValueOnce(new ApiError("disk_full", "", 507));
    drafts.write(image("old"), "new");
    await drafts.flush("i");
    expect(drafts.get("i")).toMatchObject({ state: "failed", text: "new", error: { code: "disk_full" } });
    drafts.undo("i");
    expect(drafts.get("i")).toMatchObject({ state: "idle", text: "old" });
  });

  it("begins from what the server has now, not from what was saved here once", async () => {
    drafts.write(image("old"), "new");
    await drafts.flush("i");
    drafts.write(image("replaced by others", 7), "newer");
    await drafts.flush("i");
    expect(save.mock.calls.at(-1)?.[0]).toMatchObject({ version: 7 });
  });

  it("does not ask when only something else of the picture was changed", async () => {
    save.mockRejectedValueOnce(new ApiError("edit_conflict", "", 409));
    read.mockResolvedValue(image("old", 5));
    drafts.write(image("old"), "mine");
    await drafts.flush("i");
    expect(save.mock.calls.at(-1)).toEqual([image("old", 5), "mine"]);
    expect(drafts.get("i")?.state).toBe("saved");
  });

  describe("when somebody else was quicker", () => {
    beforeEach(async () => {
      save.mockRejectedValueOnce(new ApiError("edit_conflict", "", 409));
      read.mockResolvedValue(image("theirs", 5));
      drafts.write(image("old"), "mine");
      await drafts.flush("i");
    });

    it("shows both and loses nothing that is typed meanwhile", async () => {
      expect(drafts.get("i")).toMatchObject({ state: "conflict", text: "mine", theirs: "theirs" });
      drafts.write(image("old"), "mine, theirs");
      await vi.runAllTimersAsync();
      expect(save).toHaveBeenCalledTimes(1);
      expect(drafts.get("i")).toMatchObject({ state: "conflict", text: "mine, theirs" });
    });

    it("keeps mine on top of theirs", async () => {
      await drafts.keepMine("i");
      expect(save.mock.calls.at(-1)).toEqual([image("theirs", 5), "mine"]);
      expect(drafts.get("i")?.state).toBe("saved");
    });

    it("takes theirs", () => {
      drafts.undo("i");
      expect(drafts.get("i")).toMatchObject({ state: "idle", text: "theirs" });
    });
  });
});
