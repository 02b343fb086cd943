// Where the page begins.
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";
import "@/app/tokens.css";
import { sessionQuery } from "@/api/queries";
import { i18nReady, loadErrorWords } from "@/app/i18n";
import { queryClient } from "@/app/queryClient";
import { router } from "@/app/router";
import { schemeManager } from "@/app/scheme";
import { theme } from "@/app/theme";
import { Announcer } from "@/components/Announcer";
import { Waiting } from "@/components/Waiting";

void queryClient.prefetchQuery(sessionQuery);
await Promise.all([i18nReady, import("@/app/mantine")]);

const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={schemeManager}>
        <QueryClientProvider client={queryClient}>
          <Suspense fallback={<Waiting />}>
            <RouterProvider router={router} />
            <Announcer />
          </Suspense>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );

globalThis.setTimeout(() => void loadErrorWords(), 1_000);
