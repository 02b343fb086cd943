// Keys are checked against the English files.
import type chat from "./en/chat.json";
import type common from "./en/common.json";
import type datasets from "./en/datasets.json";
import type errors from "./en/errors.json";
import type experiments from "./en/experiments.json";
import type forecast from "./en/forecast.json";
import type login from "./en/login.json";
import type loras from "./en/loras.json";
import type models from "./en/models.json";
import type newRun from "./en/newRun.json";
import type playground from "./en/playground.json";
import type publish from "./en/publish.json";
import type queue from "./en/queue.json";
import type runs from "./en/runs.json";
import type settings from "./en/settings.json";
import type shell from "./en/shell.json";
import type start from "./en/start.json";
import type texts from "./en/texts.json";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    enableSelector: false;
    resources: {
      chat: typeof chat;
      common: typeof common;
      datasets: typeof datasets;
      errors: typeof errors;
      experiments: typeof experiments;
      forecast: typeof forecast;
      login: typeof login;
      loras: typeof loras;
      models: typeof models;
      newRun: typeof newRun;
      playground: typeof playground;
      publish: typeof publish;
      queue: typeof queue;
      runs: typeof runs;
      settings: typeof settings;
      shell: typeof shell;
      start: typeof start;
      texts: typeof texts;
    };
  }
}
