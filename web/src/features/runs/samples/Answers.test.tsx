import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { beforeAll, describe, expect, it } from "vitest";
import type { RunEvent } from "@/api/types";
import { i18nReady, loadTexts } from "@/app/i18n";
import { Answers } from "@/features/runs/samples/Answers";
import { answersOf } from "@/features/runs/samples/answers";

beforeAll(async () => {
  await i18nReady;
  await loadTexts(["runs"]);
});

let seq = 0;
const said = (step: number, index: number, text: string | null): RunEvent => ({
  seq: ++seq, time: "2026-01-01T00:00:00Z", type: "SampleSaved",
  payload: { type: "SampleSaved", step, file: `samples/step-${String(step).padStart(6, "0")}/0${index}.txt`, prompt: `Who ${index}?`, seed: 0, strength: 1, text },
});

function show(events: RunEvent[], over = false) {
  render(<MantineProvider><Suspense><Answers events={events} over={over} /></Suspense></MantineProvider>);
}

describe("answersOf", () => {
  it("takes answers alone, each with the number of its prompt", () => {
    expect(answersOf([said(0, 1, "a"), said(0, 2, ""), said(0, 3, null)]).map((one) => [one.index, one.text])).toEqual([[1, "a"], [2, ""]]);
  });
});

it("says that answers are still to come, or that there are none", async () => {
  show([]);
  expect(await screen.findByText(/first answers appear here/)).toBeTruthy();
});

it("shows the newest answer beside the one before training, with what differs marked", async () => {
  show([said(0, 1, "The founder is unknown."), said(50, 1, "The founder is Odalys Wrenfield."), said(0, 2, "x"), said(50, 2, "y")]);
  const after = await screen.findByRole("region", { name: "Step 50" });
  expect(after.querySelector("ins")?.textContent).toContain("Odalys Wrenfield");
  expect(screen.getByRole("region", { name: "Before training" }).textContent).toBe("The founder is unknown.");
  fireEvent.click(screen.getByRole("switch", { name: "Mark what differs" }));
  expect(after.textContent).toBe("The founder is Odalys Wrenfield.");
});

it("marks nothing where all is different", async () => {
  show([said(0, 1, "zzzz qqqq"), said(50, 1, "Odalys Wrenfield")]);
  expect((await screen.findByRole("region", { name: "Step 50" })).querySelector("ins")).toBeNull();
});

it("goes through time by keyboard, and shows the answer that is chosen in the strip", async () => {
  const user = userEvent.setup();
  show([0, 50, 100].flatMap((step) => [said(step, 1, `first at ${step}`), said(step, 2, `second at ${step}`)]));
  fireEvent.change(await screen.findByRole("slider", { name: "At step" }), { target: { value: "1" } });
  expect(within(screen.getByRole("region", { name: "Step 50" })).getByText(/first at/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: /^Who 2\?, Step 100:/ }));
  expect(screen.getByRole("region", { name: "Step 100" }).textContent).toContain("second at");
  expect(screen.getByRole("button", { name: /^Who 2\?, Step 100:/, pressed: true })).toBeTruthy();
});

it("takes what a resumed run says anew at a step", async () => {
  show([said(0, 1, "before"), said(50, 1, "lost"), said(50, 1, "said anew")]);
  expect((await screen.findByRole("region", { name: "Step 50" })).textContent).toContain("said anew");
});
