import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import type { Quota } from "@/api/types";
import { i18nReady, loadTexts } from "@/app/i18n";
import { QuotasForm } from "./QuotasForm";

beforeAll(async () => {
  await i18nReady;
  await loadTexts(["settings"]);
});

const sent: Quota[][] = [];
beforeEach(() => {
  sent.length = 0;
  vi.spyOn(api, "PUT").mockImplementation((async (_path: string, { body }: { body: { items: Quota[] } }) => {
    sent.push(body.items);
    return { data: body };
  }) as never);
});
afterEach(() => void vi.restoreAllMocks());

const show = (items: Quota[]) =>
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}><QuotasForm items={items} onSaved={() => undefined} /></QueryClientProvider>
    </MantineProvider>,
  );

const put = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const press = (name: string) => fireEvent.click(screen.getByText(name));

it("sets a quota for everybody and one for a team, and lifts a limit", async () => {
  show([{ kind: "user", name: "", most_active: 3, most_queued: 10 }]);
  put("Every user: runs at work", "2");
  put("Every user: runs that wait", "");
  press("Add a quota of one's own");
  put("Kind", "team");
  put("Name", "ink");
  put("ink: runs at work", "4");
  press("Save");
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toEqual([
    { kind: "user", name: "", most_active: 2, most_queued: null },
    { kind: "team", name: "ink", most_active: 4, most_queued: null },
  ]);
});

it("removes one", async () => {
  show([{ kind: "user", name: "anna", most_active: 1, most_queued: null }]);
  fireEvent.click(screen.getByLabelText("Remove the quota of anna"));
  press("Save");
  await waitFor(() => expect(sent).toEqual([[]]));
});
