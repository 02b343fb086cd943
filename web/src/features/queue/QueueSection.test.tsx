import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { keys } from "@/api/queries";
import type { Queue, Run } from "@/api/types";
import { i18nReady, loadTexts } from "@/app/i18n";
import { QueueSection } from "./QueueSection";

beforeAll(async () => {
  await i18nReady;
  await loadTexts(["queue", "runs"]);
});

const run = (n: number, over: Partial<Run> = {}): Run => ({ id: `r${n}`, name: `run ${n}`, state: "queued", kind: "train", family: "sd1", base_model: "thimble", user: "mei", labels: [], tags: [], position: n, ...over }) as Run;
const all = Array.from({ length: 7 }, (_, n) => run(n + 1));
const PIECE = 3;
const asked: number[] = [];
let over: Partial<Run> = {};

beforeEach(() => {
  asked.length = 0;
  over = {};
  vi.spyOn(api, "GET").mockImplementation((async (_path: string, { params }: { params?: { query?: { after?: number } } }) => {
    const after = params?.query?.after ?? 0;
    if (after) asked.push(after);
    const waiting = all.slice(after, after + PIECE).map((one, at) => (after + at === 0 ? { ...one, ...over } : one));
    const end = after + waiting.length;
    return { data: { running: [], waiting, total: all.length, next: end < all.length ? end : null, paused: false } satisfies Queue };
  }) as never);
});
afterEach(() => void vi.restoreAllMocks());

function show() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  client.setQueryData(keys.session, { user: { name: "mei" } });
  return render(
    <MantineProvider>
      <QueryClientProvider client={client}>
        <MemoryRouter><QueueSection /></MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}
const rows = () => screen.getAllByRole("listitem").map((row) => row.querySelector("a")?.textContent);

it("shows the first of many, and more when asked", async () => {
  const user = userEvent.setup();
  show();
  expect(await screen.findByRole("heading", { name: "7 runs wait" })).toBeTruthy();
  expect(rows()).toEqual(["run 1", "run 2", "run 3"]);
  expect(screen.getByText("3 of 7 are shown")).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Move run 3 down" }).disabled).toBe(true);
  await user.click(screen.getByRole("button", { name: "Show more" }));
  await screen.findByText("6 of 7 are shown");
  await user.click(screen.getByRole("button", { name: "Show more" }));
  await screen.findByText("run 7");
  expect(rows()).toEqual(all.map((one) => one.name));
  expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
  expect(asked).toEqual([3, 6]);
});

it.each([
  [{ why: "memory", bytes: 22e9, labels: [] }, /^Needs 22.* GB: no machine that is there has it$/],
  [{ why: "labels", labels: ["a100", "eu"] }, /^No machine that is there has all the labels: a100, eu$/],
  [{ why: "device", device: "cuda:3", labels: [] }, /has the device cuda:3$/],
  [{ why: "cards", cards: 2, labels: [] }, /^Needs 2 cards together: no machine that is there offers them \(as with --device cuda:0\+1\)$/],
  [{ why: "quota", most: 2, labels: [] }, /^Your quota of 2 at once is used$/],
  [{ why: "quota", most: 4, team: "ink", labels: [] }, /^The quota of the team ink, 4 at once, is used$/],
])("says in words why a run waits: %o", async (waits, words) => {
  over = { waits: waits as Run["waits"] };
  show();
  expect(await screen.findByText(words)).toBeTruthy();
});
