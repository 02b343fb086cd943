import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Worker } from "@/api/types";
import { i18nReady, loadTexts } from "@/app/i18n";
import { WorkersSection } from "./WorkersSection";

beforeAll(async () => {
  await i18nReady;
  await loadTexts(["settings", "errors"]);
});

const seen = new Date().toISOString();
const worker = (name: string, over: Partial<Worker> = {}): Worker => ({
  id: name, name, labels: [], version: "0.1.0", there: true, draining: false, seen_at: seen, created_at: seen,
  devices: [{ id: "cuda:0", name: "A card", kind: "cuda", count: 1, memory_total: 24 * 2 ** 30, run: null }], ...over,
});
let known: Worker[] = [];
const asked: [string, unknown][] = [];
let refuse: ApiError | null = null;

beforeEach(() => {
  asked.length = 0;
  refuse = null;
  vi.spyOn(api, "GET").mockImplementation((async () => ({ data: { items: known, next: null } })) as never);
  vi.spyOn(api, "PATCH").mockImplementation((async (_path: string, { body }: { body: { draining: boolean } }) => {
    asked.push(["PATCH", body]);
    known = known.map((one) => ({ ...one, draining: body.draining }));
    return { data: known[0] };
  }) as never);
  vi.spyOn(api, "DELETE").mockImplementation((async (_path: string, { params }: { params: { path: { worker_id: string } } }) => {
    if (refuse) throw refuse;
    asked.push(["DELETE", params.path.worker_id]);
    known = [];
    return { response: { status: 204 } };
  }) as never);
});
afterEach(() => void vi.restoreAllMocks());

const show = () =>
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <MemoryRouter><WorkersSection /></MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );

it("shows labels, devices and the run that is on one", async () => {
  known = [worker("gpu-1", { labels: ["a100", "80gb"], devices: [{ id: "cuda:0", name: "A card", kind: "cuda", count: 1, memory_total: 24 * 2 ** 30, run: { id: "r1", name: "Ink" } }, { id: "cpu", name: "", kind: "cpu", count: 1, memory_total: 0, run: null }] })];
  show();
  expect(within(await screen.findByRole("list", { name: "Labels" })).getAllByRole("listitem").map((item) => item.textContent)).toEqual(["a100", "80gb"]);
  const devices = within(screen.getByRole("list", { name: "Devices of gpu-1" })).getAllByRole("listitem");
  expect(devices[0]?.textContent).toContain("cuda:0 · A card · ");
  expect(within(devices[0] as HTMLElement).getByRole("link", { name: "Ink" }).getAttribute("href")).toBe("/runs/r1");
  expect(devices[1]?.textContent).toBe("cpufree");
});

it("says how many cards are given together", async () => {
  known = [worker("gpu-2", { devices: [{ id: "cuda:0+1", name: "A card", kind: "cuda", count: 2, memory_total: 24e9, run: null }] })];
  show();
  const devices = await screen.findByRole("list", { name: "Devices of gpu-2" });
  expect(devices.textContent).toMatch(/^cuda:0\+1 · A card · 2 × 24\sGB/);
});

it("gives a worker no more runs, and runs again", async () => {
  known = [worker("gpu-1")];
  const user = userEvent.setup();
  show();
  await user.click(await screen.findByRole("button", { name: "Give it no more runs: gpu-1" }));
  await user.click(await screen.findByRole("button", { name: "Give it runs again: gpu-1" }));
  await screen.findByRole("button", { name: "Give it no more runs: gpu-1" });
  expect(asked).toEqual([["PATCH", { draining: true }], ["PATCH", { draining: false }]]);
});

it("forgets one after it asked, and says why it does not", async () => {
  known = [worker("gpu-1", { there: false })];
  const user = userEvent.setup();
  show();
  expect(await screen.findByText("Not connected")).toBeTruthy();
  refuse = new ApiError("in_use", "The worker gpu-1 carries out a run.");
  await user.click(screen.getByRole("button", { name: "Forget: gpu-1" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("button", { name: "Forget" }));
  await waitFor(() => expect(within(dialog).getByText("The worker gpu-1 carries out a run.")).toBeTruthy());
  refuse = null;
  await user.click(within(dialog).getByRole("button", { name: "Forget" }));
  expect(await screen.findByText(/No worker has introduced itself/)).toBeTruthy();
  expect(asked).toEqual([["DELETE", "gpu-1"]]);
});
