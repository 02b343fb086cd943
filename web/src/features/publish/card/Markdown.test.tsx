import { render } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { partsOf } from "./frontMatter";
import { type Look, Markdown } from "./Markdown";

const show = (text: string, look: Look = (_, alt) => alt) => render(<Markdown text={text} look={look} />).container;

it("draws headings, lists, tables and code", () => {
  const made = show("# Ink\n\nA **wet** one.\n\n- a\n- `b`\n\n| | |\n|---|---|\n| Rank | 16 |\n\n```python\nx = 1 < 2\n```");
  expect(made.querySelector("h3")?.textContent).toBe("Ink");
  expect(made.querySelector("strong")?.textContent).toBe("wet");
  expect([...made.querySelectorAll("li")].map((item) => item.textContent)).toEqual(["a", "b"]);
  expect([...made.querySelectorAll("td")].map((cell) => cell.textContent)).toEqual(["Rank", "16"]);
  expect(made.querySelector("thead")).toBeNull();
  expect(made.querySelector("pre")?.textContent).toBe("x = 1 < 2");
});

it("makes nothing of HTML and of addresses that are none", () => {
  const made = show('<img src=x onerror="alert(1)">\n\n<script>alert(1)</script>\n\n[a](javascript:alert(1)) [b](https://b.example) x<b>y</b>');
  expect(made.querySelectorAll("script, img, b")).toHaveLength(0);
  expect([...made.querySelectorAll("a")].map((link) => [link.textContent, link.getAttribute("href"), link.rel])).toEqual([["b", "https://b.example", "noreferrer nofollow"]]);
  expect(made.textContent).toContain("<script>alert(1)</script>");
});

it("asks for every picture instead of fetching it", () => {
  const look = vi.fn(() => "seen");
  const made = show("![a](https://far.example/a.png) ![b](b.png)", look);
  expect(look.mock.calls).toEqual([["https://far.example/a.png", "a"], ["b.png", "b"]]);
  expect(made.querySelector("img")).toBeNull();
});

it("tells the data for hubs from what people read", () => {
  expect(partsOf("---\nlicense: mit\ntags:\n- a\n---\n\n# T\n\n---\nx")).toEqual({ data: "license: mit\ntags:\n- a", body: "\n# T\n\n---\nx" });
  expect(partsOf("# T")).toEqual({ data: "", body: "# T" });
});
