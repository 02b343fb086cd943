// Two languages, one JSON file a feature and language, loaded when a screen first needs it.
import i18next, { type BackendModule } from "i18next";
import { initReactI18next } from "react-i18next";
import { readStored, store } from "@/lib/stored";

export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];
export const DEFAULT_NAMESPACE = "common";

const files = import.meta.glob<{ default: Record<string, unknown> }>("../i18n/*/*.json");

const fileOf = (language: string, namespace: string) => files[`../i18n/${language}/${namespace}.json`];

const backend: BackendModule = {
  type: "backend",
  init: () => undefined,
  read(language, namespace, done) {
    const load = fileOf(language, namespace);
    if (!load) return done(new Error(`no texts for ${language}/${namespace}`), false);
    load().then((file) => done(null, file.default), (error: Error) => done(error, false));
  },
};

/** The stored language, else the browser's, else English. */
export function firstLanguage(): Language {
  const wanted = readStored("language") ?? globalThis.navigator.languages.find((tag) => /^(zh|en)/i.test(tag));
  return wanted && /^zh/i.test(wanted) ? "zh" : "en";
}

function markDocument(language: string): void {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
}

export async function setLanguage(language: Language): Promise<void> {
  store("language", language);
  await i18next.changeLanguage(language);
}

export const i18nReady = i18next.use(backend).use(initReactI18next).init({
  lng: firstLanguage(),
  fallbackLng: false,
  supportedLngs: LANGUAGES,
  ns: [DEFAULT_NAMESPACE, "shell"],
  defaultNS: DEFAULT_NAMESPACE,
  interpolation: { escapeValue: false },
  react: { useSuspense: true },
});

i18next.on("languageChanged", markDocument);

/** The texts of a screen. They are asked for at once: the first texts of all need not be there before. */
export async function loadTexts(namespaces: string[]): Promise<void> {
  for (const namespace of namespaces) void fileOf(i18next.language ?? firstLanguage(), namespace)?.().catch(() => undefined);
  await i18nReady;
  await i18next.loadNamespaces(namespaces);
}

/** Words for errors are there before one happens: without the network they could not be fetched. */
export const loadErrorWords = (): Promise<void> => i18nReady.then(() => i18next.loadNamespaces("errors"));
