import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { mockApi } from "./mocks/plugin.ts";

/** What every screen needs comes in two files, not in twenty, and fields, menus and dialogs in one more. */
const FIRST = [
  {
    name: "vendor",
    test: /node_modules\/(react|react-dom|scheduler|react-router|cookie|i18next|react-i18next|use-sync-external-store|openapi-fetch|@tanstack\/(query-core|react-query)|@mantine\/hooks|@mantine\/core\/esm\/(core|components\/(Button|ActionIcon|UnstyledButton|Loader|Transition|CloseButton|VisuallyHidden|SegmentedControl|FloatingIndicator|Input|InputBase|TextInput)))\//,
  },
  { name: "controls", test: /node_modules\/(@mantine\/core|@floating-ui|react-remove-scroll|react-textarea-autosize|react-number-format)(?!.*\.css)/ },
  { name: "shell", test: /web\/src\/(app|api|lib|components|features\/shell|features\/runs\/queries)(\/|\.)(?!.*(Confirm|Copy|mantine|NotFound))/ },
];

export default defineConfig(({ mode }) => ({
  plugins: [react(), ...(mode === "mock" ? [mockApi()] : [])],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../src/loraloom/assets/web",
    emptyOutDir: true,
    target: "es2022",
    rolldownOptions: { output: { codeSplitting: { groups: FIRST } } },
  },
  server: mode === "mock" ? {} : { proxy: { "/api": { target: "http://127.0.0.1:7860", ws: true } } },
  test: { environment: "jsdom", isolate: false, setupFiles: ["./src/test/setup.ts"], include: ["src/**/*.test.{ts,tsx}"] },
}));
