import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { createMemoryRouter, RouterProvider } from "react-router";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { i18nReady, loadTexts } from "@/app/i18n";
import type { Draw, Drawing } from "@/features/playground/types";
import { Component } from "./PlaygroundPage";
import { NOTHING } from "./state/settings";

beforeAll(async () => {
  await i18nReady;
  await loadTexts(["playground", "runs", "errors"]);
});

const model = (id: string, name: string, family: string) => ({ id, name, source: id, family, resolution: 64, prediction: null, layout: "diffusers", bytes: 1, embedded: id === "thimble", available: true, state: "ready", warnings: [] });
const lora = (id: string, name: string, family: string, base_model: string) => ({ id, name, family, base_model, trigger: `${name} word`, preview: null, run: null, rank: 4, alpha: 4, bytes: 1, steps: 9, sha256: "", metadata: {}, created_at: "2026-11-01T00:00:00Z" });
const LORAS = [lora("l1", "ink", "sd1", "thimble"), lora("l2", "xl", "sdxl", "m2"), lora("l3", "prose", "causal_lm", "llm")];
/** A whole page in this browser of tests, by names: seconds on a busy machine. */
const SLOW = 30_000;
const kept: Drawing[] = [];
const drawn: Draw[] = [];
let failure: object | null = null;

const streamOf = (lines: object[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(lines.map((line) => JSON.stringify(line)).join("\n")));
      controller.close();
    },
  });
const pageOf = (items: readonly unknown[]) => ({ data: { items, next: null } });

function get(path: string, options: { params?: { path?: Record<string, string>; query?: { search?: string } } }) {
  const { lora_id: id, drawing_id } = options?.params?.path ?? {};
  if (path === "/api/models") return pageOf([model("thimble", "Thimble", "sd1"), model("m2", "Ink XL", "sdxl"), model("llm", "Small", "causal_lm")]);
  if (path === "/api/loras") return pageOf(LORAS);
  if (path === "/api/loras/{lora_id}") return { data: LORAS.find((one) => one.id === id) };
  if (path === "/api/drawings/{drawing_id}") return { data: kept.find((one) => one.id === drawing_id) };
  return pageOf(path === "/api/drawings" ? [...kept] : []);
}

function post(path: string, { body }: { body: Draw }) {
  if (path !== "/api/drawings") return { data: { tokens: 1, limit: 75, spans: [] } };
  drawn.push(body);
  if (failure) return { data: streamOf([failure]) };
  const id = body.keep ? `k${kept.length + 1}` : null;
  if (id) kept.unshift({ id, asked: body.drawing, user: "mei", width: 64, height: 64, seconds: 1, picture: `/api/drawings/${id}/picture`, created_at: "2026-11-01T00:00:00Z" });
  return { data: streamOf([{ event: "drawing", done: 1, total: 2 }, { event: "done", picture: `data:,${body.drawing.prompt}`, width: 64, height: 64, steps: 30, guidance: 3, ...(id && { kept: id }) }]) };
}

beforeEach(() => {
  kept.length = 0;
  drawn.length = 0;
  failure = null;
  vi.spyOn(api, "GET").mockImplementation((async (...call: Parameters<typeof get>) => get(...call)) as never);
  vi.spyOn(api, "POST").mockImplementation((async (...call: Parameters<typeof post>) => post(...call)) as never);
  vi.spyOn(api, "DELETE").mockImplementation((async () => {
    kept.length = 0;
    return {};
  }) as never);
});
afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
});

function show(address = "/playground") {
  const router = createMemoryRouter([{ path: "/playground", Component }, { path: "*", element: null }], { initialEntries: [address] });
  render(<QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}><MantineProvider env="test"><Suspense><RouterProvider router={router} /></Suspense></MantineProvider></QueryClientProvider>);
  return router;
}
const prompt = async () => (await screen.findByRole("textbox", { name: "Prompt" })) as HTMLTextAreaElement;
const picture = () => screen.getByTestId("drawing");

it("begins with a suggestion, which is drawn in full and kept", async () => {
  const user = userEvent.setup();
  show();
  await user.click(await screen.findByRole("button", { name: "fox on blue background" }));
  await waitFor(() => expect(picture().dataset).toMatchObject({ quality: "full" }));
  expect(drawn).toMatchObject([{ keep: true, drawing: { prompt: "fox on blue background", base_model: "thimble" } }]);
  expect(await screen.findByRole("button", { name: /^Bring back: fox on blue background/ })).toBeTruthy();
  expect(screen.getByRole("button", { name: "Kept" })).toHaveProperty("disabled", true);
  expect((await prompt()).value).toBe("fox on blue background");
}, SLOW);

it("draws what is typed: quickly, then in full, and says how long it took", async () => {
  show();
  fireEvent.change(await prompt(), { target: { value: "lemon" } });
  await waitFor(() => expect(picture().dataset.quality).toBe("preview"));
  expect(picture().getAttribute("alt")).toBe("Picture without a prompt");
  expect(Number(picture().dataset.previewMs)).toBeGreaterThanOrEqual(150);
  await waitFor(() => expect(picture().dataset.quality).toBe("full"), { timeout: 2_000 });
  expect(drawn.map(({ drawing, keep }) => [drawing.steps, keep])).toEqual([[6, false], [null, false]]);
  expect(new Set(drawn.map((one) => one.stream)).size).toBe(1);
}, SLOW);

it("opens with a LoRA on its base, its trigger word before what was written", async () => {
  localStorage.setItem("loom.playground", JSON.stringify({ asked: { ...NOTHING, prompt: "a fox" }, live: false }));
  const router = show("/playground?lora=l2");
  await waitFor(async () => expect((await prompt()).value).toBe("xl word, a fox"));
  expect(await screen.findByRole("listitem", { name: "xl" })).toBeTruthy();
  await waitFor(() => expect(router.state.location.search).toBe(""));
  expect(screen.getByRole<HTMLInputElement>("combobox", { name: "Base model" }).value).toBe("Ink XL · SDXL");
  expect(drawn).toEqual([]);
}, SLOW);

it("adds LoRAs that draw, of one family, each with its strength", async () => {
  const user = userEvent.setup();
  show();
  await user.click(await screen.findByRole("button", { name: "Add a LoRA" }));
  const dialog = await screen.findByRole("dialog", { name: "Add a LoRA" });
  await user.click(await within(dialog).findByRole("button", { name: /^ink/ }));
  const row = await screen.findByRole("listitem", { name: "ink" });
  fireEvent.change(within(row).getByRole("textbox", { name: "Strength" }), { target: { value: "-0.5" } });
  await waitFor(() => expect(drawn.at(-1)?.drawing.loras).toEqual([{ lora: "l1", strength: -0.5, blocks: {} }]), { timeout: 3_000 });
  await user.click(screen.getByRole("button", { name: "Add a LoRA" }));
  const again = await screen.findByRole("dialog", { name: "Add a LoRA" });
  const names = (await within(again).findAllByRole("button", { name: /ink|xl|prose/ })).map((one) => [one.textContent, (one as HTMLButtonElement).disabled]);
  expect(names).toEqual([["inkAlready on", true], ["xlFor another kind of base", true]]);
}, SLOW);

it("brings back a kept drawing, compares with it and deletes it when asked twice", async () => {
  const user = userEvent.setup();
  kept.push({ id: "k0", asked: { ...NOTHING, prompt: "old", guidance: 2 }, user: "mei", width: 64, height: 96, seconds: 1, picture: "/api/drawings/k0/picture", created_at: "2026-11-01T00:00:00Z" });
  show();
  await user.click(await screen.findByRole("button", { name: /^Bring back: old/ }));
  expect((await prompt()).value).toBe("old");
  expect(picture().getAttribute("src")).toBe("/api/drawings/k0/picture");
  await user.click(screen.getByRole("button", { name: /^Compare with: old/ }));
  expect(screen.getAllByAltText("old")).toHaveLength(2);
  await user.click(screen.getByRole("button", { name: /^Delete: old/ }));
  const dialog = await screen.findByRole("dialog", { name: "Delete this picture?" });
  await user.click(within(dialog).getByRole("button", { name: "Delete" }));
  await waitFor(() => expect(screen.queryByRole("button", { name: /^Bring back/ })).toBeNull());
  expect(screen.getAllByAltText("old")).toHaveLength(1);
  expect(screen.getByRole("button", { name: "Keep" })).toHaveProperty("disabled", false);
}, SLOW);

it("varies what stands: it is kept for that, and the next are drawn from it", async () => {
  const user = userEvent.setup();
  show();
  fireEvent.change(await prompt(), { target: { value: "lemon" } });
  await waitFor(() => expect(picture().dataset.quality).toBe("full"), { timeout: 3_000 });
  await user.click(screen.getByRole("button", { name: "Vary" }));
  expect(await screen.findByRole("region", { name: "Variation of this picture" })).toBeTruthy();
  await waitFor(() => expect(drawn.at(-1)?.drawing.picture).toEqual({ kind: "drawing", id: "k1" }), { timeout: 3_000 });
}, SLOW);

it("says what went wrong and what to do, and finds all as it was when it is opened again", async () => {
  const user = userEvent.setup();
  failure = { event: "error", code: "in_use", message: "A training holds the device.", hint: "Draw again when it has ended." };
  show();
  fireEvent.change(await prompt(), { target: { value: "lemon" } });
  await user.keyboard("{Control>}{Enter}{/Control}");
  expect((await screen.findByRole("alert")).textContent).toContain("Draw again when it has ended.");
  failure = null;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(picture()).toBeTruthy());
  cleanup();
  show();
  expect((await prompt()).value).toBe("lemon");
}, SLOW);
