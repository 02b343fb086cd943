import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import type { Ballot, Cell } from "@/api/types";
import { i18nReady, loadTexts } from "@/app/i18n";
import { Booth } from "@/features/experiments/vote/Booth";

beforeAll(async () => {
  await i18nReady;
  await loadTexts(["experiments", "errors"]);
});

const cast: unknown[] = [];
beforeEach(() => {
  cast.length = 0;
  vi.spyOn(api, "POST").mockImplementation((async (_: string, { body }: { body: unknown }) => {
    cast.push(body);
    return { data: { left: null, right: null, prompt: "", done: 2, total: 2 } };
  }) as never);
});
afterEach(() => vi.restoreAllMocks());

const cell = (number: number, part: Partial<Cell> = {}): Cell => ({ number, column: number, prompt: 0, seed: 0, there: true, picture: `/p/${number}`, text: null, seconds: 1, ...part });
const show = (ballot: Partial<Ballot> = {}) =>
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MantineProvider><Booth id="e" ballot={{ left: cell(4), right: cell(9), prompt: "an inn", done: 1, total: 2, ...ballot }} /></MantineProvider>
    </QueryClientProvider>,
  );

it.each([["ArrowLeft", "left"], ["ArrowRight", "right"], ["ArrowDown", "tie"], ["=", "tie"]])("takes %s for %s", async (key, winner) => {
  show();
  fireEvent.keyDown(window, { key });
  await waitFor(() => expect(cast).toEqual([{ left: 4, right: 9, winner }]));
});

it("takes a press on a picture, and only one vote a pair", async () => {
  let answer: (value: unknown) => void = () => undefined;
  vi.spyOn(api, "POST").mockImplementation(((_: string, { body }: { body: unknown }) => {
    cast.push(body);
    return new Promise((done) => (answer = done));
  }) as never);
  show();
  fireEvent.click(screen.getByRole("button", { name: "The right one" }));
  await waitFor(() => expect(cast).toHaveLength(1));
  fireEvent.keyDown(window, { key: "ArrowLeft" });
  fireEvent.keyDown(window, { key: "ArrowLeft", repeat: true });
  expect(cast).toEqual([{ left: 4, right: 9, winner: "right" }]);
  answer({ data: { left: null, right: null, prompt: "", done: 2, total: 2 } });
});

it("gives no hint which is which", () => {
  const { container } = show();
  const said = [...container.querySelectorAll("*")].flatMap((one) => [...one.attributes].filter(({ name }) => ["alt", "title", "aria-label", "data-column"].includes(name)).map(({ value }) => value)).filter(Boolean);
  expect(said.sort()).toEqual(["The left one", "The right one"]);
});

it("shows answers as they are", () => {
  show({ left: cell(1, { picture: null, text: "Thirty days." }), right: cell(2, { picture: null, text: "" }) });
  expect(screen.getByText("Thirty days.")).toBeTruthy();
  expect(screen.getByText("(It said nothing)")).toBeTruthy();
});
