import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { Suspense } from "react";
import { MemoryRouter } from "react-router";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import type { Evidence, ExperimentSummary, Lora, Publication, Run } from "@/api/types";
import { i18nReady, loadTexts } from "@/app/i18n";
import { Flow } from "@/features/loras/Flow";
import { NextSteps } from "@/features/runs/NextSteps";

beforeAll(async () => {
  await i18nReady;
  await loadTexts(["loras", "publish", "runs"]);
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface Known {
  evidence: Partial<Evidence>;
  experiments?: Partial<Run>[];
  published?: Partial<Publication>[];
}

function show(lora: Partial<Lora>, { evidence, experiments = [], published = [] }: Known) {
  vi.spyOn(api, "GET").mockImplementation((async (path: string) => {
    if (path.endsWith("/evidence")) return { data: { experiments: [], votes: 0, tested: false, ...evidence } };
    if (path.endsWith("/experiments")) return { data: { items: experiments.map((run) => ({ run })) as ExperimentSummary[], next: null } };
    return { data: { items: published, next: null } };
  }) as never);
  const whole = { id: "l", name: "Ink", family: "sd1", run: "r", steps: 600, created_at: "2026-01-01T00:00:00Z", ...lora } as Lora;
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter><Suspense><Flow lora={whole} /></Suspense></MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}
const linkTo = (name: string) => screen.getByRole("link", { name }).getAttribute("href");

it("leads from trained to compared to published", async () => {
  show({}, { evidence: { images: 24 } });
  expect(await screen.findByText("600 steps on 24 pictures")).toBeTruthy();
  expect(screen.getByRole("heading", { name: "Not compared yet" })).toBeTruthy();
  expect([linkTo("Open its run"), linkTo("Compare it"), linkTo("Try it"), linkTo("Publish it")]).toEqual(["/runs/r", "/experiments/new?lora=l", "/playground?lora=l", "/#publish"]);
});

it("says what speaks for it and where it is", async () => {
  show({}, {
    evidence: { tested: true, experiments: ["e2", "e1"], votes: 1, strength: 0.75, strength_from: "votes" },
    experiments: [{ id: "e2", state: "finished", ended_at: "2026-01-01T00:00:00Z" }],
    published: [{ version: 3, target: "zip", state: "withdrawn" }, { version: 2, target: "zip", state: "published", created_at: "2026-01-01T00:00:00Z" }],
  });
  expect((await screen.findByText(/Best at strength/)).textContent).toBe("Best at strength 0.75, by votes");
  expect(linkTo("2 comparisons, 1 vote")).toBe("/experiments/e2");
  expect(await screen.findByText("Version 2 · Zip")).toBeTruthy();
});

it("shows a comparison that goes on, and knows what was made elsewhere", async () => {
  show({ run: null, family: "causal_lm" }, { evidence: {}, experiments: [{ id: "e", name: "Ink and base", state: "running", ended_at: null }] });
  expect(await screen.findByRole("link", { name: "Ink and base" })).toBeTruthy();
  expect(screen.getByRole("heading", { name: "Made elsewhere" })).toBeTruthy();
  expect(screen.queryByRole("link", { name: "Try it" })).toBeNull(); // one talks with it further down
});

it.each([
  ["finished", "sd1", ["/playground?lora=l", "/experiments/new?lora=l", "/loras/l#publish"]],
  ["finished", "causal_lm", ["/loras/l", "/experiments/new?lora=l", "/loras/l#publish"]],
  ["running", "sd1", []],
] as const)("leads on from a %s run of %s", (state, family, links) => {
  render(<MantineProvider><MemoryRouter><NextSteps run={{ id: "r", state, family, lora: "l" } as Run} /></MemoryRouter></MantineProvider>);
  expect(screen.queryAllByRole("link").map((link) => link.getAttribute("href"))).toEqual(links);
});
