import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import type { Draw, DrawnLine } from "@/features/playground/types";
import { createPlay } from "./play";
import { NOTHING } from "./settings";

const bodies: Draw[] = [];
let answer: (body: Draw) => Partial<DrawnLine>[] = () => [];

const picture = ({ drawing, keep }: Draw): Partial<DrawnLine>[] => [
  { event: "drawing", done: 1, total: 2 },
  { event: "done", picture: `data:,${drawing.prompt}-${drawing.steps ?? "all"}-${drawing.seed}`, ...(keep && { kept: "k1" }) },
];

const streamOf = (text: string) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });

beforeEach(() => {
  vi.useFakeTimers();
  bodies.length = 0;
  answer = picture;
  vi.spyOn(api, "POST").mockImplementation((async (_: string, { body }: { body: Draw }) => {
    bodies.push(body);
    return { data: streamOf(answer(body).map((line) => JSON.stringify(line)).join("\n")) };
  }) as never);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  localStorage.clear();
});

/** Streams are read in real turns of the loop. */
const pass = async (ms: number) => {
  await vi.advanceTimersByTimeAsync(ms);
  vi.useRealTimers();
  await new Promise((done) => setTimeout(done, 20));
  vi.useFakeTimers();
};
const made = () => {
  const kept: string[] = [];
  const play = createPlay((id) => kept.push(id));
  play.ask({ seed: 7 });
  play.stop();
  return { play, kept };
};

it("draws what is typed quickly and does not keep it", async () => {
  const { play, kept } = made();
  play.ask({ prompt: "a" });
  play.ask({ prompt: "a lemon" });
  await pass(150);
  expect(bodies).toMatchObject([{ keep: false, drawing: { prompt: "a lemon", steps: 6, seed: 7 } }]);
  expect(play.view()).toMatchObject({ phase: null, generations: 1, shown: { quality: "preview", picture: "data:,a lemon-6-7", asked: { steps: null } } });
  expect(kept).toEqual([]);
});

it("draws by hand in full, keeps it, and then with another seed unless that is locked", async () => {
  const { play, kept } = made();
  play.drawNow();
  await pass(0);
  expect(bodies).toMatchObject([{ keep: true, drawing: { steps: null, seed: 7 } }]);
  expect(kept).toEqual(["k1"]);
  expect(play.view().shown?.kept).toBe("k1");
  play.drawNow();
  await pass(0);
  expect(bodies[1]?.drawing.seed).not.toBe(7);
  play.set({ locked: true });
  play.drawNow();
  await pass(0);
  expect(bodies[2]?.drawing.seed).toBe(bodies[1]?.drawing.seed);
});

it("waits while an input method puts letters together", async () => {
  const { play } = made();
  play.composing(true);
  play.ask({ prompt: "shan" });
  await pass(2_000);
  expect(bodies).toEqual([]);
  play.ask({ prompt: "山" });
  play.composing(false);
  await pass(600);
  expect(bodies).toMatchObject([{ drawing: { prompt: "山" } }]);
});

it("draws nothing by itself with the preview off, and at once when it is turned on", async () => {
  const { play } = made();
  play.set({ live: false });
  play.ask({ prompt: "a" });
  await pass(2_000);
  expect(bodies).toEqual([]);
  play.set({ live: true });
  await pass(600);
  expect(bodies).toHaveLength(1);
});

it("says what the server said, and keeps the picture that stood", async () => {
  const { play } = made();
  play.drawNow();
  await pass(0);
  answer = () => [{ event: "error", code: "in_use", message: "A training holds it.", hint: "Wait." }];
  play.drawNow();
  await pass(0);
  expect(play.view()).toMatchObject({ phase: null, error: { code: "in_use", hint: "Wait." }, shown: { picture: "data:,-all-7" } });
  answer = () => [{ event: "drawing", done: 1, total: 2 }];
  play.drawNow();
  await pass(0);
  expect(play.view().error?.code).toBe("offline");
});

it("finds all as it was left, and as a kept drawing was made", () => {
  const { play } = made();
  play.ask({ prompt: "水墨", guidance: 2 });
  play.set({ live: false });
  expect(createPlay(() => undefined).settings()).toMatchObject({ live: false, asked: { prompt: "水墨", guidance: 2, seed: 7 } });
  const asked = { ...NOTHING, prompt: "old", seed: 1 };
  play.restore({ id: "d1", asked, user: "mei", width: 64, height: 64, seconds: 1, picture: "/api/drawings/d1/picture", created_at: "" });
  expect(play.settings().asked).toEqual(asked);
  expect(play.view().shown).toMatchObject({ kept: "d1", quality: "full" });
  play.tell({ do: "forgotten", id: "d1" });
  expect(play.view().shown?.kept).toBeNull();
});
