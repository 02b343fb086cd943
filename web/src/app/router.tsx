// Every screen by its address; each is a chunk of its own.
import { createBrowserRouter } from "react-router";
import { Shell } from "@/features/shell/Shell";
import { RouteError } from "@/features/shell/RouteError";
import { Waiting } from "@/components/Waiting";

export const router = createBrowserRouter([
  {
    path: "/login",
    ErrorBoundary: RouteError,
    HydrateFallback: Waiting,
    lazy: () => import("@/features/login/LoginPage"),
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
          { index: true, lazy: () => import("@/features/start/StartPage") },
          { path: "datasets", lazy: () => import("@/features/datasets/DatasetsPage") },
          { path: "datasets/:id", lazy: () => import("@/features/datasets/DatasetPage") },
          { path: "runs", lazy: () => import("@/features/runs/RunsPage") },
          { path: "runs/new", lazy: () => import("@/features/new-run/NewRunPage") },
          { path: "runs/:id", lazy: () => import("@/features/runs/RunPage") },
          { path: "loras", lazy: () => import("@/features/loras/LorasPage") },
          { path: "loras/:id", lazy: () => import("@/features/loras/LoraPage") },
          { path: "models", lazy: () => import("@/features/models/ModelsPage") },
          { path: "settings", lazy: () => import("@/features/settings/SettingsPage") },
          { path: "*", lazy: () => import("@/features/shell/NotFoundPage") },
        ],
      },
    ],
  },
]);
