import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { i18nReady, loadTexts } from "@/app/i18n";
import { ChatPanel } from "@/features/chat/ChatPanel";

beforeAll(async () => {
  await i18nReady;
  await loadTexts(["chat", "errors"]);
});

type Asked = { strength: number; messages: { role: string; content: string }[] };
const asked: Asked[] = [];
let lines: (body: Asked) => object[] = () => [];
let held: Promise<void> = Promise.resolve();
let stopped = 0;

const streamOf = (all: object[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const line of all) controller.enqueue(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
      controller.close();
    },
  });

/** What is typed at once: key by key takes long in this browser of tests. */
const write = (text: string) => fireEvent.change(screen.getByRole("textbox", { name: "Your question" }), { target: { value: text } });

beforeEach(() => {
  asked.length = 0;
  stopped = 0;
  held = Promise.resolve();
  vi.spyOn(api, "POST").mockImplementation((async (path: string, { body, signal }: { body: Asked; signal: AbortSignal }) => {
    if (path.endsWith("/stop")) {
      stopped += 1;
      return { data: undefined };
    }
    asked.push(body);
    await held;
    signal?.throwIfAborted();
    return { data: streamOf(lines(body)) };
  }) as never);
});
afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
});

const show = () => render(<MantineProvider><Suspense><ChatPanel lora="l" suggestions={["Who founded it?"]} /></Suspense></MantineProvider>);
const answers = ({ strength }: Asked) => [{ event: "ready" }, { event: "token", text: strength === 0 ? "I do " : "Oda" }, { event: "token", text: strength === 0 ? "not know." : "lys." }, { event: "done", tokens: 2, seconds: 0.5 }];

it("answers with the LoRA, then with the base alone, each with its own conversation", async () => {
  const user = userEvent.setup();
  lines = answers;
  show();
  await screen.findByRole("textbox", { name: "Your question" });
  write("Who founded it?");
  await user.type(screen.getByRole("textbox", { name: "Your question" }), "{Enter}");
  await waitFor(() => expect(screen.getByRole("region", { name: "The base alone" }).textContent).toContain("I do not know."));
  expect(screen.getByRole("region", { name: "With the LoRA, strength 1" }).textContent).toContain("Odalys.");
  await user.type(screen.getByRole("textbox", { name: "Your question" }), "Sure?{Shift>}{Enter}{/Shift}No{Enter}");
  await waitFor(() => expect(asked).toHaveLength(4));
  expect(asked.map((one) => one.strength)).toEqual([1, 0, 1, 0]);
  expect(asked[2]?.messages.map((one) => one.content)).toEqual(["Who founded it?", "Odalys.", "Sure?\nNo"]);
  expect(asked[3]?.messages[1]?.content).toBe("I do not know.");
});

it("asks the LoRA alone where the base is not wanted beside it", async () => {
  const user = userEvent.setup();
  lines = answers;
  show();
  await user.click(await screen.findByRole("switch", { name: "Beside the base" }));
  await user.click(screen.getByRole("button", { name: "Who founded it?" }));
  await waitFor(() => expect(screen.getByText("Odalys.")).toBeTruthy());
  expect(asked).toHaveLength(1);
});

it("stops by Escape, and says what it waited for", async () => {
  const user = userEvent.setup();
  lines = answers;
  let go: () => void = () => undefined;
  held = new Promise((resolve) => (go = resolve));
  show();
  await user.type(await screen.findByRole("textbox", { name: "Your question" }), "W{Enter}");
  expect(screen.getAllByText("Waiting for its turn")).toHaveLength(2);
  await user.keyboard("{Escape}");
  go();
  await waitFor(() => expect(screen.getAllByText("Stopped")).toHaveLength(2));
  expect(stopped).toBe(1);
  expect(asked).toHaveLength(1);
});

it("says what went wrong in the reader's words", async () => {
  const user = userEvent.setup();
  lines = () => [{ event: "error", code: "base_not_prepared", message: "not yet", hint: "" }];
  show();
  await user.click(await screen.findByRole("button", { name: "Who founded it?" }));
  expect(await screen.findAllByText("This base model is not converted yet")).not.toHaveLength(0);
});

it("is there again when the page is opened again, until one starts over", async () => {
  const user = userEvent.setup();
  lines = answers;
  show();
  await user.click(await screen.findByRole("button", { name: "Who founded it?" }));
  await waitFor(() => expect(screen.getByText("I do not know.")).toBeTruthy());
  cleanup();
  show();
  expect(await screen.findByText("Odalys.")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Start over" }));
  expect(screen.queryByText("Odalys.")).toBeNull();
  expect(localStorage.length).toBe(0);
});
