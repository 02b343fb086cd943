import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { ApiError } from "@/api/errors";
import { i18nReady, loadTexts } from "@/app/i18n";
import type { Example } from "../api";
import { unsavedOf } from "../unsaved";
import { useUnsaved } from "../useTexts";
import { ExampleRow } from "./ExampleRow";

beforeAll(async () => {
  await i18nReady;
  await loadTexts(["texts", "errors"]);
});

const say = (role: "user" | "assistant", content: string) => ({ role, content, tool_calls: [] });
const example = (change: Partial<Example> = {}): Example => ({
  id: "e3", number: 3, messages: [say("user", "Who?"), say("assistant", "Odalys.")], text: "", chosen: null, rejected: null, held_out: false, reviewed: true, author: null, version: 4, removed: false,
  ...change,
});
const patch = vi.fn();
const accept = vi.fn();
const remove = vi.fn();

beforeEach(() => {
  patch.mockReset().mockImplementation(async (_: string, { body }: { body: Partial<Example> }) => ({ data: { ...example(), ...body, version: 5 } }));
  vi.spyOn(api, "PATCH").mockImplementation(patch as never);
});
afterEach(() => {
  vi.restoreAllMocks();
  unsavedOf("d").drop("e3");
});

const write = (name: string, text: string) => fireEvent.change(screen.getByRole("textbox", { name }), { target: { value: text } });

function Row({ shown }: { shown: Example }) {
  const unsaved = useUnsaved("d");
  return <ExampleRow dataset="d" example={shown} unsaved={unsaved.e3} selected={false} readOnly={false} first="first" onToggle={vi.fn()} onPreview={vi.fn()} onRemove={remove} onAccept={accept} onEdit={vi.fn()} />;
}

function show(shown: Example) {
  const around = (one: Example) => (
    <MantineProvider><QueryClientProvider client={client}><Suspense><Row shown={one} /></Suspense></QueryClientProvider></MantineProvider>
  );
  const client = new QueryClient();
  const { rerender } = render(around(shown));
  return (next: Example) => rerender(around(next));
}

describe("an example", () => {
  it("is written in its place, and saved by Control and Enter", async () => {
    const user = userEvent.setup();
    show(example());
    await user.click(await screen.findByRole("button", { name: "Odalys." }));
    write("Turn 2, Answer", "");
    expect(screen.getByText("An answer is missing: there is nothing to learn.")).toBeTruthy();
    write("Turn 2, Answer", "Odalys Wrenfield.");
    await user.type(screen.getByRole("textbox", { name: "Turn 2, Answer" }), "{Control>}{Enter}{/Control}");
    await waitFor(() => expect(patch).toHaveBeenCalledOnce());
    expect(patch.mock.calls[0]?.[1].body).toMatchObject({ version: 4, messages: [{ content: "Who?" }, { content: "Odalys Wrenfield." }] });
    await waitFor(() => expect(screen.queryByRole("textbox")).toBeNull());
    expect(localStorage.length).toBe(0);
  });

  it("is kept while it is written, and given back by Discard", async () => {
    const user = userEvent.setup();
    show(example());
    await user.click(await screen.findByRole("button", { name: "Edit example 3" }));
    write("Turn 1, Person", "Who? Really?");
    await user.keyboard("{Escape}");
    expect(localStorage.getItem("loom.examples d")).toContain("Who? Really?");
    await user.click(screen.getByRole("button", { name: "Discard my changes" }));
    expect(screen.getByRole("button", { name: "Who?" })).toBeTruthy();
    expect(patch).not.toHaveBeenCalled();
  });

  it("is left by Escape when nothing was changed", async () => {
    const user = userEvent.setup();
    show(example());
    await user.click(await screen.findByRole("button", { name: "Edit example 3" }));
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("textbox")).toBeNull();
  });

  it("shows both when somebody else was quicker, and keeps mine on top of theirs", async () => {
    const user = userEvent.setup();
    const update = show(example());
    await user.click(await screen.findByRole("button", { name: "Odalys." }));
    write("Turn 2, Answer", "Odalys. Mine.");
    patch.mockRejectedValueOnce(new ApiError("edit_conflict", "", 409));
    await user.click(screen.getByRole("button", { name: "Save" }));
    update(example({ version: 6, messages: [say("user", "Who?"), say("assistant", "Theirs.")] }));
    expect((await screen.findByRole("alert")).textContent).toContain("Somebody else changed this example");
    await user.click(screen.getByRole("button", { name: "Keep mine" }));
    await waitFor(() => expect(patch).toHaveBeenCalledTimes(2));
    expect(patch.mock.calls[1]?.[1].body).toMatchObject({ version: 6, messages: [{}, { content: "Odalys. Mine." }] });
  });

  it("is no conflict when it was only accepted meanwhile", async () => {
    const user = userEvent.setup();
    const update = show(example({ reviewed: false }));
    await user.click(await screen.findByRole("button", { name: "Edit example 3" }));
    write("Turn 1, Person", "Who!");
    update(example({ version: 5 }));
    expect(screen.queryByRole("alert")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(patch.mock.calls[0]?.[1].body).toMatchObject({ version: 5 }));
  });
});

it("is accepted or rejected as a draft", async () => {
  const user = userEvent.setup();
  show(example({ reviewed: false }));
  await user.click(await screen.findByRole("button", { name: "Accept example 3" }));
  expect(accept).toHaveBeenCalledOnce();
  await user.click(screen.getByRole("button", { name: "Reject example 3" }));
  expect(remove).toHaveBeenCalledWith(["e3"]);
});
