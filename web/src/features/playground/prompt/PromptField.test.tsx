import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense, useState } from "react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { i18nReady, loadTexts } from "@/app/i18n";
import type { PromptView, Word } from "@/features/playground/types";
import { PromptField } from "./PromptField";

beforeAll(async () => {
  await i18nReady;
  await loadTexts(["playground", "errors"]);
});

const span = (start: number, end: number, kind: PromptView["spans"][number]["kind"], rest = {}) => ({ start, end, kind, weight: 1, name: "", known: true, ...rest });
const word = (text: string, kind: Word["kind"]): Word => ({ text, kind, detail: "", count: 3 });
let read: PromptView;
const composed: boolean[] = [];

beforeEach(() => {
  read = { tokens: 3, limit: 75, spans: [] };
  composed.length = 0;
  vi.spyOn(api, "POST").mockImplementation((async () => ({ data: read })) as never);
  vi.spyOn(api, "GET").mockImplementation((async () => ({ data: { items: [word("long hair", "tag"), word("lonely", "tag"), word("ink", "lora")], next: null } })) as never);
});
afterEach(() => void vi.restoreAllMocks());

function Held({ first }: { first: string }) {
  const [text, setText] = useState(first);
  return <PromptField label="Prompt" value={text} base="thimble" family="sd1" onChange={setText} onCompose={(on) => composed.push(on)} />;
}

async function show(first = "") {
  render(<QueryClientProvider client={new QueryClient()}><MantineProvider><Suspense><Held first={first} /></Suspense></MantineProvider></QueryClientProvider>);
  return (await screen.findByRole("textbox", { name: "Prompt" })) as HTMLTextAreaElement;
}
/** What is typed, with the cursor behind it. */
const write = (field: HTMLTextAreaElement, text: string) => {
  field.focus();
  fireEvent.change(field, { target: { value: text } });
};

it("marks what means something and says what does not", async () => {
  read = { tokens: 80, limit: 75, spans: [span(0, 9, "weight", { weight: 1.2 }), span(10, 22, "lora", { name: "none", known: false }), span(23, 27, "cut")] };
  await show("(red:1.2) <lora:none:1> tail");
  expect(await screen.findByText("80 / 75")).toBeTruthy();
  expect(screen.getByText("There is no LoRA called “none”.")).toBeTruthy();
  expect(screen.getByText(/“ tai” is cut|“tai” is cut/)).toBeTruthy();
  const marks = [...document.querySelectorAll("pre span")].map((one) => [one.textContent, { ...(one as HTMLElement).dataset }]);
  expect(marks).toContainEqual(["(red:1.2)", { weight: "more" }]);
  expect(marks).toContainEqual(["<lora:none:1", { sign: "lora", unknown: "true" }]);
});

it("suggests words at the cursor, taken by the keyboard", async () => {
  const user = userEvent.setup();
  const field = await show();
  write(field, "girl, long ha");
  const list = await screen.findByRole("listbox", { name: "Suggestions" });
  expect(within(list).getAllByRole("option").map((one) => one.textContent)).toEqual(["long hair3", "lonely3", "ink3"]);
  expect(screen.getByText(/3 suggestions/)).toBeTruthy();
  await user.keyboard("{ArrowDown}{ArrowDown}{ArrowUp}");
  const active = within(list).getByRole("option", { selected: true });
  expect(active.textContent).toBe("long hair3");
  expect(field.getAttribute("aria-activedescendant")).toBe(active.id);
  await user.keyboard("{Enter}");
  expect(field.value).toBe("girl, long hair");
  expect(screen.queryByRole("listbox")).toBeNull();
  expect(field.selectionStart).toBe(field.value.length);
});

it("takes the first with Tab, closes with Escape, and leaves Enter to the field", async () => {
  const user = userEvent.setup();
  const field = await show();
  write(field, "<lora:i");
  await screen.findByRole("listbox");
  await user.keyboard("{Tab}");
  expect(field.value).toBe("<lora:ink:1>");
  write(field, "lon");
  await screen.findByRole("listbox");
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("listbox")).toBeNull();
  await user.keyboard("{Enter}");
  expect(field.value).toBe("lon\n");
});

it("weighs the words under the cursor with Control and the arrows", async () => {
  const user = userEvent.setup();
  const field = await show("a red fox");
  field.focus();
  field.setSelectionRange(2, 5);
  await user.keyboard("{Control>}{ArrowUp}{ArrowUp}{/Control}");
  expect(field.value).toBe("a (red:1.2) fox");
  expect(field.value.slice(field.selectionStart, field.selectionEnd)).toBe("red");
  await user.keyboard("{Control>}{ArrowDown}{ArrowDown}{/Control}");
  expect(field.value).toBe("a red fox");
});

it("suggests nothing while an input method puts letters together", async () => {
  const field = await show();
  field.focus();
  fireEvent.compositionStart(field);
  fireEvent.input(field, { target: { value: "lon" }, isComposing: true });
  await new Promise((done) => setTimeout(done, 250));
  expect(screen.queryByRole("listbox")).toBeNull();
  fireEvent.keyDown(field, { key: "Enter", isComposing: true });
  fireEvent.compositionEnd(field);
  await waitFor(() => expect(screen.getByRole("listbox")).toBeTruthy());
  expect(composed).toEqual([true, false]);
});
