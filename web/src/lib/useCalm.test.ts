import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { calm } from "@/lib/useCalm";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("calm", () => {
  it("works at once, then once for all that was asked meanwhile", () => {
    const work = vi.fn();
    const { ask } = calm(work, 1000);
    ask();
    expect(work).toHaveBeenCalledTimes(1);
    ask();
    ask();
    vi.advanceTimersByTime(999);
    expect(work).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(work).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(5000);
    expect(work).toHaveBeenCalledTimes(2);
    ask();
    expect(work).toHaveBeenCalledTimes(3);
  });

  it("does nothing more once it is stopped", () => {
    const work = vi.fn();
    const { ask, stop } = calm(work, 1000);
    ask();
    ask();
    stop();
    vi.advanceTimersByTime(5000);
    expect(work).toHaveBeenCalledTimes(1);
  });
});
