import { render, screen } from "@testing-library/react";
import i18next from "i18next";
import { Suspense } from "react";
import { afterAll, beforeAll, expect, it } from "vitest";
import { i18nReady } from "@/app/i18n";
import { useCoded } from "@/features/forecast/useCoded";

beforeAll(() => i18nReady);
afterAll(() => i18next.changeLanguage("en"));

function Said({ code, values }: { code: string; values: Record<string, unknown> }) {
  return <p>{useCoded()("advice", code, "message", "The server's own.", values)}</p>;
}

const show = async (language: string, code: string, values: Record<string, unknown>) => {
  await i18next.changeLanguage(language);
  render(<Suspense><Said code={code} values={values} /></Suspense>);
  return (await screen.findByText(/./)).textContent;
};

it.each([
  ["en", "captions_cut", { cut: 3, pictures: 1200, room: 75 }, "3 of 1,200 pictures have captions longer than 75 tokens: the rest is not read."],
  ["zh", "captions_cut", { cut: 3, pictures: 12, room: 75 }, "12 张图片中有 3 张的描述超过 75 个 token，超出部分不会被读取。"],
  ["en", "text_encoder_rate", { rate: 0.0001, usual: 5e-5 }, "The text encoders learn at 1e-4, usual is 5e-5: words soon lose what they meant."],
  ["zh", "captions_cut", { cut: 3 }, "The server's own."],
  ["zh", "of_tomorrow", { cut: 3 }, "The server's own."],
])("says in %s what %s means", async (language, code, values, text) => {
  expect(await show(language, code, values)).toBe(text);
});
