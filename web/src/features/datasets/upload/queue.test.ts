import { describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/errors";
import type { UploadResult } from "@/api/types";
import { UploadQueue } from "./queue";
import type { Send } from "./send";
import { totalsOf } from "./totals";

const result = (change: Partial<UploadResult> = {}): UploadResult => ({
  id: "u", filename: "", state: "done", added: 1, duplicates: 0, captions: 0, problems: [], model: null, ...change,
});
const files = (...names: string[]) => names.map((path) => ({ file: new File(["12345"], path), path }));
const states = (queue: UploadQueue) => queue.get().items.map((item) => item.state);
const settled = (queue: UploadQueue) =>
  vi.waitFor(() => {
    expect(queue.get().items.length).toBeGreaterThan(0);
    expect(queue.get().active).toBe(false);
  });

describe("UploadQueue", () => {
  it("sends a few at a time, all of them, in order", async () => {
    let running = 0;
    let most = 0;
    const order: string[] = [];
    const send: Send = async (_, name) => {
      order.push(name);
      most = Math.max(most, ++running);
      await new Promise((done) => setTimeout(done, 2));
      running -= 1;
      return result();
    };
    const queue = new UploadQueue(send);
    const names = Array.from({ length: 30 }, (_, n) => `${n}.png`);
    queue.add(files(...names));
    await settled(queue);
    expect(order).toEqual(names);
    expect(most).toBe(4);
    expect(totalsOf(queue.get().items)).toMatchObject({ files: 30, settled: 30, added: 30, bytes: 150, sent: 150 });
  });

  it("tells apart what was added, there already, refused and not sent", async () => {
    const problem = { file: "c.exe", reason: "program", message: "A program." };
    const send: Send = async (_, name) => {
      if (name === "b.png") return result({ added: 0, duplicates: 1 });
      if (name === "c.exe") return result({ state: "refused", added: 0, problems: [problem] });
      if (name === "d.png") throw new ApiError("offline", "");
      if (name === "e.png") throw new ApiError("too_large", "Too large.", 413);
      return result();
    };
    const queue = new UploadQueue(send);
    queue.add(files("a.png", "b.png", "c.exe", "d.png", "e.png"));
    await settled(queue);
    expect(states(queue)).toEqual(["done", "same", "refused", "failed", "refused"]);
    expect(totalsOf(queue.get().items).refused.map((one) => one.file)).toEqual(["c.exe", "e.png"]);
  });

  it("sends again what failed, and only that", async () => {
    const send = vi.fn<Send>().mockRejectedValueOnce(new ApiError("offline", "")).mockResolvedValue(result());
    const queue = new UploadQueue(send);
    queue.add(files("a.png", "b.png"));
    await settled(queue);
    queue.retryFailed();
    await vi.waitFor(() => expect(states(queue)).toEqual(["done", "done"]));
    expect(send.mock.calls.map(([, name]) => name)).toEqual(["a.png", "b.png", "a.png"]);
  });

  it("follows what the server fetches by itself, and counts while it does", async () => {
    const seen: number[] = [];
    const queue = new UploadQueue(() => Promise.reject(new Error("nothing is sent")));
    queue.subscribe(() => seen.push(totalsOf(queue.get().items).added));
    const problem = { file: "b.svg", reason: "not_a_picture", message: "Neither picture nor caption." };
    queue.follow("/srv/cats", async ({ onChecking }) => {
      onChecking(7);
      await vi.waitFor(() => expect(seen).toContain(7));
      return result({ added: 9, problems: [problem] });
    });
    await settled(queue);
    expect(states(queue)).toEqual(["done"]);
    expect(totalsOf(queue.get().items)).toMatchObject({ files: 1, bytes: 0, added: 9, refused: [problem] });
  });

  it("stops what runs and waits", async () => {
    const send: Send = (_, __, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new ApiError("interrupted", ""))));
    const queue = new UploadQueue(send);
    queue.add(files("a", "b", "c", "d", "e", "f"));
    queue.stop();
    await settled(queue);
    expect(new Set(states(queue))).toEqual(new Set(["failed"]));
  });
});
