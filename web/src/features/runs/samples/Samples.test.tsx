import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { beforeAll, expect, it } from "vitest";
import { keys } from "@/api/queries";
import { i18nReady } from "@/app/i18n";
import { Samples } from "@/features/runs/samples/Samples";

beforeAll(() => i18nReady);

function show(steps: number[]) {
  const items = steps.flatMap((step) => [0, 1].map((index) => ({ step, index, url: `/s/${step}/${index}.png`, prompt: `prompt ${index}`, seed: index })));
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  client.setQueryData([...keys.run("r"), "samples"], { items, next: null });
  render(
    <MantineProvider>
      <QueryClientProvider client={client}>
        <Suspense><Samples id="r" over={false} /></Suspense>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

it("says that samples are still to come", async () => {
  show([]);
  expect(await screen.findByText(/first samples appear here/)).toBeTruthy();
});

it("compares the first step with the newest, and moves the edge by keyboard", async () => {
  show([0, 50, 100]);
  const edge = await screen.findByRole("slider", { name: "Edge between step 0 and step 100" });
  fireEvent.change(edge, { target: { value: "70" } });
  expect(edge.getAttribute("aria-valuetext")).toBe("70 % step 0");
});

it("puts the picture that is chosen on the side that is lit", async () => {
  const user = userEvent.setup();
  show([0, 50, 100]);
  await user.click(await screen.findByRole("radio", { name: /Left/ }));
  await user.click(screen.getByRole("button", { name: /prompt 1, at step 50/ }));
  expect(screen.getByRole("slider", { name: "Edge between step 50 and step 100" })).toBeTruthy();
  expect(screen.getByRole("button", { name: /prompt 1, at step 50/, pressed: true })).toBeTruthy();
});
