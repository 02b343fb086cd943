import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { mockApi } from "./mocks/plugin.ts";

export default defineConfig(({ mode }) => ({
  plugins: [react(), ...(mode === "mock" ? [mockApi()] : [])],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: { outDir: "../src/loraloom/assets/web", emptyOutDir: true, target: "es2022", reportCompressedSize: true },
  server: mode === "mock" ? {} : { proxy: { "/api": { target: "http://127.0.0.1:7860", ws: true } } },
  test: { environment: "jsdom", isolate: false, setupFiles: ["./src/test/setup.ts"], include: ["src/**/*.test.{ts,tsx}"] },
}));
