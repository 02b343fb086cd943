import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Lifecycle } from "@/api/types";
import { i18nReady, loadTexts } from "@/app/i18n";
import { KeptSection } from "./KeptSection";

beforeAll(async () => {
  await i18nReady;
  await loadTexts(["settings", "errors"]);
});

const nothing: Lifecycle = { checkpoints_days: null, samples_days: null, run_caches_days: null, cache_bytes: null, blobs_grace_hours: 24 };
const sent: Lifecycle[] = [];
let refuse: ApiError | null = null;

beforeEach(() => {
  sent.length = 0;
  refuse = null;
  vi.spyOn(api, "GET").mockImplementation((async () => ({ data: nothing })) as never);
  vi.spyOn(api, "PUT").mockImplementation((async (_path: string, { body }: { body: Lifecycle }) => {
    if (refuse) throw refuse;
    sent.push(body);
    return { data: body };
  }) as never);
});
afterEach(() => void vi.restoreAllMocks());

const show = () =>
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}><KeptSection /></QueryClientProvider>
    </MantineProvider>,
  );
const field = (name: RegExp) => screen.findByRole<HTMLInputElement>("textbox", { name });

it("sends all of it at once, and says what never goes", async () => {
  const user = userEvent.setup();
  show();
  await user.type(await field(/^Checkpoints/), "30");
  await user.type(await field(/^Cache/), "0.5");
  await user.clear(await field(/^Files/));
  expect(screen.getByText(/^Never removed here.*LoRAs/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(sent).toEqual([{ ...nothing, checkpoints_days: 30, cache_bytes: 500_000_000, blobs_grace_hours: null }]));
});

it("says beside a field what it takes, and goes there instead of sending", async () => {
  const user = userEvent.setup();
  show();
  const hours = await field(/^Files/);
  await user.clear(hours);
  await user.type(hours, "0.5");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(document.activeElement).toBe(hours);
  const words = (hours.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent);
  expect(words).toContain("A number from 1 to 876,000, or nothing");
  expect(sent).toEqual([]);
});

it("marks the field that the server refused", async () => {
  refuse = new ApiError("request_invalid", "No.", 422, "", [{ key: "samples_days", message: "No.", hint: "", kind: "", limits: {} }]);
  const user = userEvent.setup();
  show();
  const samples = await field(/^Samples/);
  await user.type(samples, "3{Enter}");
  await screen.findByRole("alert");
  expect(samples.getAttribute("aria-invalid")).toBe("true");
  refuse = null;
  await user.type(samples, "0");
  expect(samples.getAttribute("aria-invalid")).not.toBe("true");
  await user.keyboard("{Enter}");
  await waitFor(() => expect(sent).toEqual([{ ...nothing, samples_days: 30 }]));
});
