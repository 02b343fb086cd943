import { describe, expect, it } from "vitest";
import { formatAgo, formatBytes, formatDuration } from "./format";

describe("formatBytes", () => {
  it.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1_500, "1.5 kB"],
    [123_456_789, "123 MB"],
    [12_000_000_000, "12 GB"],
    [5e15, "5,000 TB"],
  ])("%d", (bytes, text) => expect(formatBytes(bytes, "en")).toBe(text));
});

describe("formatDuration", () => {
  it.each([
    [0.84, "0.8 sec"],
    [59.4, "59 sec"],
    [59.6, "1 min"],
    [200, "3 min 20 sec"],
    [3_600, "1 hr"],
    [90_061, "1 day 1 hr"],
  ])("%d s", (seconds, text) => expect(formatDuration(seconds, "en")).toBe(text));

  it("has no gaps in Chinese", () => expect(formatDuration(200, "zh")).toBe("3分钟20秒"));
});

describe("formatAgo", () => {
  const now = new Date("2026-11-24T12:00:00Z");
  const ago = (seconds: number) => formatAgo(new Date(now.getTime() - seconds * 1000), now, "en");
  it.each([
    [5, "now"],
    [125, "2 minutes ago"],
    [3 * 3600 + 10, "3 hours ago"],
    [86_400, "yesterday"],
    [40 * 86_400, "Oct 15, 2026"],
  ])("%d s", (seconds, text) => expect(ago(seconds)).toBe(text));
});
