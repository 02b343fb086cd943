import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Job, previews } from "./preview";

type Line = "step" | "done";

/** A machine over a drawing that takes 40 ms a step, three steps quickly and ten in full. */
function made({ deaf = false, cheaper = true, fails = false } = {}) {
  const told: string[] = [];
  const begun: Job<string>[] = [];
  const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
  async function* draw(job: Job<string>, signal: AbortSignal): AsyncGenerator<Line> {
    for (let step = 0; step < (job.quality === "preview" ? 3 : 10); step++) {
      await sleep(40);
      if (signal.aborted && !deaf) return;
      yield "step";
    }
    if (fails) throw new Error("broken");
    yield "done";
  }
  const machine = previews<string, Line>({
    draw, now: () => Date.now(), cheaper: () => cheaper,
    begun: (job) => begun.push(job),
    line: (job, line) => {
      if (line === "done") told.push(`${job.asked} ${job.quality}`);
      return line === "done";
    },
    failed: (job, error) => told.push(`${job.asked} ${(error as Error).message}`),
    halted: () => told.push("halted"),
  });
  const type = async (text: string, gap: number) => {
    for (let at = 1; at <= text.length; at++) {
      machine.changed(text.slice(0, at));
      await vi.advanceTimersByTimeAsync(gap);
    }
  };
  return { machine, told, begun, type };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("previews", () => {
  it("draws quickly 150 ms after the last change, and in full once it has rested", async () => {
    const { machine, told, begun } = made();
    machine.changed("a");
    await vi.advanceTimersByTimeAsync(149);
    expect(begun).toEqual([]);
    await vi.advanceTimersByTimeAsync(1 + 120);
    expect(told).toEqual(["a preview"]);
    await vi.advanceTimersByTimeAsync(699);
    expect(begun).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1 + 400);
    expect(told).toEqual(["a preview", "a full"]);
    expect(begun.map((job) => job.sequence)).toEqual([1, 1]);
  });

  it.each([20, 60, 120, 200, 300])("makes at most three drawings of thirty letters, %i ms apart", async (gap) => {
    const { begun, told, type } = made();
    await type("a lighthouse on a cliff at dusk", gap);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(begun.length).toBeLessThanOrEqual(3);
    expect(told.at(-1)).toBe("a lighthouse on a cliff at dusk full");
  });

  it("makes at most three drawings where two keys of thirty come late", async () => {
    const { machine, begun, type } = made();
    await type("a lighthouse", 60);
    await vi.advanceTimersByTimeAsync(180);
    machine.changed("a lighthouse ");
    await vi.advanceTimersByTimeAsync(170);
    await type("on a cliff at dusk", 60);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(begun.length).toBeLessThanOrEqual(3);
  });

  it("does not let one late key slow down what comes after it", async () => {
    const { begun, type } = made();
    await type("abcd", 60);
    await vi.advanceTimersByTimeAsync(80);
    await type("efgh", 60);
    expect(begun).toEqual([]);
    await vi.advanceTimersByTimeAsync(90);
    expect(begun).toHaveLength(1);
  });

  it("does not wait longer than usual for a change that comes alone", async () => {
    const { machine, begun, type } = made();
    await type("slowly", 300);
    await vi.advanceTimersByTimeAsync(5_000);
    begun.length = 0;
    machine.changed("x");
    await vi.advanceTimersByTimeAsync(150);
    expect(begun).toHaveLength(1);
  });

  it("never tells what a newer change has outdated, even of a drawing that does not listen", async () => {
    const { machine, told } = made({ deaf: true });
    machine.changed("old");
    await vi.advanceTimersByTimeAsync(200);
    machine.changed("new");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told).toEqual(["halted", "new preview", "new full"]);
  });

  it("gives up the full drawing for a change", async () => {
    const { machine, told } = made();
    machine.changed("old");
    await vi.advanceTimersByTimeAsync(150 + 120 + 700 + 200);
    machine.changed("new");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told).toEqual(["old preview", "halted", "new preview", "new full"]);
  });

  it("draws at once and in full by hand, to be kept", async () => {
    const { machine, told, begun } = made();
    machine.changed("a");
    machine.drawNow("a");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told).toEqual(["a full"]);
    expect(begun).toMatchObject([{ keep: true, quality: "full", sequence: 2 }]);
  });

  it("draws in full alone where a quick drawing would be no quicker", async () => {
    const { machine, told } = made({ cheaper: false });
    machine.changed("a");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told).toEqual(["a full"]);
  });

  it("stops what runs and what was to run", async () => {
    const { machine, told, begun } = made();
    machine.changed("a");
    machine.stop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(begun).toEqual([]);
    machine.drawNow("b");
    await vi.advanceTimersByTimeAsync(100);
    machine.outdated();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told).toEqual(["halted"]);
  });

  it("says what went wrong, and does not go on from it", async () => {
    const { machine, told } = made({ fails: true });
    machine.changed("a");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told).toEqual(["a broken"]);
  });
});
