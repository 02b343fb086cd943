// Texts as files: the JSON of both languages, read from the disk.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const SERVER = join(import.meta.dirname, "../../../src/loraloom");
const FOLDER = join(import.meta.dirname, "..", "i18n");

export type Texts = { [key: string]: string | Texts };

export const namespaces = (): string[] => readdirSync(join(FOLDER, "en")).map((file) => file.replace(".json", ""));

export function texts(language: string, namespace: string): Texts {
  return JSON.parse(readFileSync(join(FOLDER, language, `${namespace}.json`), "utf8")) as Texts;
}

/** Every key with its text, nested keys with dots. */
export function flat(tree: Texts, prefix = ""): [key: string, text: string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string" ? [[prefix + key, value] as [string, string]] : flat(value, `${prefix}${key}.`),
  );
}

/** The Python files of a folder of the server, by their paths. */
export const pythonFiles = (folder: string): string[] =>
  readdirSync(join(SERVER, folder)).filter((file) => file.endsWith(".py")).map((file) => `${folder}/${file}`);

export function pythonSource(path: string): string {
  return readFileSync(join(SERVER, path), "utf8");
}
