import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { MemoryRouter } from "react-router";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Evidence, Lora, Publication, Publish, Targets } from "@/api/types";
import { i18nReady, loadTexts } from "@/app/i18n";
import { PublishForm } from "@/features/publish/PublishForm";

beforeAll(async () => {
  await i18nReady;
  await loadTexts(["publish", "errors"]);
});

const sent: Publish[] = [];
let refuse: ApiError | null = null;

beforeEach(() => {
  sent.length = 0;
  refuse = null;
  vi.spyOn(api, "GET").mockImplementation((async () => ({ data: { user: { admin: true }, csrf: "" } })) as never);
  vi.spyOn(api, "POST").mockImplementation((async (path: string, { body }: { body: Publish }) => {
    if (path.endsWith("/card")) return { data: { text: `---\nlicense: x\n---\n\n# Card\n\n${body.description}` } };
    sent.push(body);
    if (refuse && !body.untested) throw refuse;
    const made: Publication = {
      id: "p", lora: "l", name: "Ink", version: 1, target: body.target, place: body.place, state: "published", tested: false, changes: "", files: ["Ink.safetensors"], sha256: "a", created_at: "2026-01-01T00:00:00Z",
    };
    return { data: made };
  }) as never);
});
afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
});

const lora = { id: "l", name: "Ink", family: "sd1", preview: null } as Lora;
const targets: Targets = { places: [{ program: "webui", path: "/w/Lora", writable: true }], hub_user: "mei", hub: "https://hub.example", gallery: "/api/gallery/index.html" };

function show(tested: boolean, over: Partial<Lora> = {}) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const evidence = { tested, experiments: [], votes: 0 } as unknown as Evidence;
  return render(
    <MantineProvider>
      <QueryClientProvider client={client}>
        <MemoryRouter>
          <Suspense><PublishForm lora={{ ...lora, ...over }} evidence={evidence} targets={targets} published={[]} /></Suspense>
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}
const publish = () => screen.findByRole("button", { name: "Publish version 1" });

it("sends an untested LoRA only after that was said a second time", async () => {
  const user = userEvent.setup();
  show(false);
  await user.click(await publish());
  const gate = within(await screen.findByRole("dialog"));
  expect(sent).toEqual([]);
  expect(gate.getByRole("link", { name: "Compare it first" }).getAttribute("href")).toBe("/experiments/new?lora=l");
  await user.click(gate.getByRole("button", { name: "Publish although nothing was compared" }));
  expect(await screen.findByRole("heading", { name: "Version 1 is out" })).toBe(document.activeElement);
  expect(sent).toEqual([expect.objectContaining({ target: "folder", place: "/w/Lora", untested: true })]);
  expect(screen.getByText("/w/Lora/Ink.safetensors")).toBeTruthy();
});

it("sends a tested one at once", async () => {
  const user = userEvent.setup();
  show(true);
  await user.click(await publish());
  expect(await screen.findByRole("heading", { name: "Version 1 is out" })).toBeTruthy();
  expect(sent[0]?.untested).toBe(false);
});

it("asks when the server knows better, and says what else went wrong in the reader's words", async () => {
  const user = userEvent.setup();
  refuse = new ApiError("lora_untested", "not tested", 409);
  show(true);
  await user.click(await publish());
  await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Close" }));
  expect(screen.queryByRole("alert")).toBeNull();
  refuse = new ApiError("hub_refused", "401", 502);
  await user.click(await publish());
  expect((await screen.findByRole("alert")).textContent).toContain("The hub did not take it");
});

it("goes to the field that is missing instead of sending", async () => {
  const user = userEvent.setup();
  show(true);
  await user.click(await screen.findByRole("radio", { name: "Another folder" }));
  await user.click(await publish());
  expect(sent).toEqual([]);
  expect(document.activeElement).toBe(screen.getByLabelText(/Folder on the server/));
  expect(screen.getByText("Name a folder.")).toBeTruthy();
});

it("writes the card anew with what is said, and keeps that over a reload", async () => {
  show(true);
  fireEvent.change(await screen.findByLabelText("Description"), { target: { value: "wet **ink**" } });
  await waitFor(() => expect(document.querySelector("aside strong")?.textContent).toBe("ink"), { timeout: 3000 });
  cleanup();
  show(true);
  expect((await screen.findByLabelText<HTMLTextAreaElement>("Description")).value).toBe("wet **ink**");
});

it("offers a language model what takes one", async () => {
  show(true, { family: "causal_lm" });
  expect(await screen.findByRole("radio", { name: /^Zip/ })).toHaveProperty("checked", true);
  expect(screen.queryByRole("radio", { name: /^Folder/ })).toBeNull();
  expect(screen.getByRole("checkbox", { name: /^PEFT/ })).toHaveProperty("checked", true);
  expect(screen.getByRole("checkbox", { name: /^GGUF/ })).toHaveProperty("checked", false);
});
