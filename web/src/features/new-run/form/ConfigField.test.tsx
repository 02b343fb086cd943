import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense, useReducer } from "react";
import { beforeAll, expect, it } from "vitest";
import type { Problem } from "@/api/types";
import { i18nReady } from "@/app/i18n";
import { act, type Draft } from "@/features/new-run/draft";
import { ConfigField } from "@/features/new-run/form/ConfigField";
import { groupsOf, type Schema } from "@/features/new-run/form/schema";
import { actionsOf, FormContext, formOf } from "@/features/new-run/form/useForm";

beforeAll(() => i18nReady);

const SCHEMA: Schema = {
  properties: { rank: { type: "integer", title: "Rank", default: 16, unit: "pixels", description: "Size, see `lora.alpha`." } },
};
const groups = groupsOf(SCHEMA, "sd1");
const START: Draft = { preset: null, dataset: null, changed: {} };

function Field({ problems = [] }: { problems?: Problem[] }) {
  const [draft, dispatch] = useReducer(act, START);
  const form = formOf({ groups, draft, preset: undefined, config: null, plain: null, problems, actions: actionsOf(dispatch) });
  const field = form.fieldOf("rank");
  return <FormContext value={form}>{field && <ConfigField field={field} />}</FormContext>;
}

const show = (problems?: Problem[]) => render(<MantineProvider><Suspense><Field problems={problems} /></Suspense></MantineProvider>);

it("shows label, unit, sentence and default of the schema", async () => {
  show();
  const input = await screen.findByRole<HTMLInputElement>("textbox", { name: "Rank pixels" });
  expect(input.value).toBe("16");
  expect(screen.getByText("lora.alpha").tagName).toBe("CODE");
  expect(screen.queryByRole("button", { name: /Reset/ })).toBeNull();
});

it("marks a change and takes it back", async () => {
  const user = userEvent.setup();
  show();
  const input = await screen.findByRole<HTMLInputElement>("textbox", { name: "Rank pixels" });
  await user.clear(input);
  await user.type(input, "8");
  expect(input.value).toBe("8");
  await user.click(screen.getByRole("button", { name: "Reset “Rank”. Without your change: 16" }));
  expect(input.value).toBe("16");
});

it("keeps what cannot be read while it is typed, and says what is wrong beside it", async () => {
  const user = userEvent.setup();
  show([{ key: "rank", message: "is no whole number", hint: "Give one.", kind: "int_parsing", limits: {} }]);
  const input = await screen.findByRole<HTMLInputElement>("textbox", { name: "Rank pixels" });
  await user.type(input, "x");
  expect(input.value).toBe("16x");
  expect(screen.getByText("Is no whole number. Give one")).toBeTruthy();
  expect(input.getAttribute("aria-invalid")).toBe("true");
});
