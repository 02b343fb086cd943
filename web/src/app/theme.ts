// The darkroom: warm near-black, paper white, one safelight.
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const safelight: MantineColorsTuple = [
  "#fff1ea", "#ffdfd1", "#fdbfa6", "#f99f7d", "#f58560", "#f06c43", "#c64620", "#b23c19", "#912e12", "#6f220d",
];

const dark: MantineColorsTuple = [
  "#ece5dc", "#c9c0b5", "#a89e92", "#7d7368", "#4a423a", "#39322c", "#2a2520", "#1d1916", "#14110f", "#0d0b0a",
];

const gray: MantineColorsTuple = [
  "#faf8f4", "#f3f0ea", "#e9e4dc", "#dcd5ca", "#c7beb1", "#a59b8d", "#7c7266", "#5d554b", "#3c362f", "#231f1a",
];

const SANS =
  '-apple-system, BlinkMacSystemFont, "Segoe UI", "Helvetica Neue", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", sans-serif';
const MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace';

export const theme = createTheme({
  colors: { safelight, dark, gray },
  primaryColor: "safelight",
  primaryShade: { light: 7, dark: 6 },
  white: "#fffdfa",
  black: "#231f1a",
  fontFamily: SANS,
  fontFamilyMonospace: MONO,
  headings: { fontFamily: SANS, fontWeight: "600" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
});
