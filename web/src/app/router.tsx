// Every screen by its address; each is a chunk of its own, and its texts are fetched beside it.
import type { ComponentType } from "react";
import { createBrowserRouter } from "react-router";
import { loadTexts } from "@/app/i18n";
import { queryClient } from "@/app/queryClient";
import { Waiting } from "@/components/Waiting";
import { askAhead } from "@/features/runs/queries";
import { RouteError } from "@/features/shell/RouteError";
import { Shell } from "@/features/shell/Shell";

interface Screen {
  Component: ComponentType;
}

const screen = (load: () => Promise<Screen>, ...namespaces: string[]) => ({
  lazy: async () => {
    const [{ Component }] = await Promise.all([load(), loadTexts(namespaces)]);
    return { Component };
  },
});

export const router = createBrowserRouter([
  {
    path: "/login",
    ErrorBoundary: RouteError,
    HydrateFallback: Waiting,
    ...screen(() => import("@/features/login/LoginPage"), "login"),
  },
  {
    path: "/",
    Component: Shell,
    ErrorBoundary: RouteError,
    HydrateFallback: Waiting,
    children: [
      {
        ErrorBoundary: RouteError,
        children: [
          { index: true, ...screen(() => import("@/features/start/StartPage"), "start", "datasets") },
          { path: "datasets", ...screen(() => import("@/features/datasets/DatasetsPage"), "datasets") },
          { path: "datasets/:id", ...screen(() => import("@/features/datasets/DatasetPage"), "datasets", "texts", "models") },
          { path: "runs", ...screen(() => import("@/features/runs/RunsPage"), "runs", "queue") },
          { path: "runs/new", ...screen(() => import("@/features/new-run/NewRunPage"), "newRun", "forecast", "models", "start", "datasets") },
          { path: "runs/:id", loader: ({ params }) => (askAhead(queryClient, params.id ?? ""), null), ...screen(() => import("@/features/runs/RunPage"), "runs") },
          { path: "loras", ...screen(() => import("@/features/loras/LorasPage"), "loras") },
          { path: "loras/:id", ...screen(() => import("@/features/loras/LoraPage"), "loras", "chat", "publish", "experiments") },
          { path: "playground", ...screen(() => import("@/features/playground/PlaygroundPage"), "playground", "loras") },
          { path: "experiments", ...screen(() => import("@/features/experiments/ExperimentsPage"), "experiments", "runs") },
          { path: "experiments/new", ...screen(() => import("@/features/experiments/NewExperimentPage"), "experiments", "runs", "newRun") },
          { path: "experiments/:id", ...screen(() => import("@/features/experiments/ExperimentPage"), "experiments", "runs") },
          { path: "experiments/:id/vote", ...screen(() => import("@/features/experiments/VotePage"), "experiments") },
          { path: "run-diff", ...screen(() => import("@/features/experiments/RunDiffPage"), "experiments", "runs") },
          { path: "models", ...screen(() => import("@/features/models/ModelsPage"), "models") },
          { path: "forecasts", ...screen(() => import("@/features/forecast/ForecastsPage"), "forecast") },
          { path: "settings", ...screen(() => import("@/features/settings/SettingsPage"), "settings") },
          { path: "*", ...screen(() => import("@/features/shell/NotFoundPage")) },
        ],
      },
    ],
  },
]);
