// What stands around every screen: header, navigation, the live stream, and the guard of the login.
import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, Outlet, ScrollRestoration, useLocation, useNavigation } from "react-router";
import { sessionQuery } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import { Waiting } from "@/components/Waiting";
import { Header } from "./Header";
import { TabBar } from "./Nav";
import classes from "./Shell.module.css";
import { useLiveQueue } from "./useLiveQueue";

export function Shell() {
  const { t } = useTranslation("shell");
  const session = useQuery(sessionQuery);
  const location = useLocation();
  const navigation = useNavigation();
  const main = useFocusOnNavigation(location.pathname);

  if (session.data?.login_required && !session.data.user)
    return <Navigate to={`/login?next=${encodeURIComponent(location.pathname + location.search)}`} replace />;

  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        {t("skip")}
      </a>
      <Header user={session.data?.user ?? null} loginRequired={session.data?.login_required ?? false} />
      <div className={classes.progress} data-on={navigation.state === "loading" || undefined} aria-hidden="true" />
      <main id="content" ref={main} tabIndex={-1} className={classes.main}>
        {session.isError ? (
          <div className={classes.fault}>
            <ErrorNote error={session.error} onRetry={() => void session.refetch()} />
          </div>
        ) : (
          <Suspense fallback={<Waiting />}>{session.data ? <Outlet /> : <Waiting />}</Suspense>
        )}
      </main>
      {session.data ? <Live /> : null}
      <TabBar />
      <ScrollRestoration />
    </div>
  );
}

/** The stream, and a word when it is lost. */
function Live() {
  const { t } = useTranslation("shell");
  const state = useLiveQueue();
  return (
    <div role="status" className={classes.live}>
      {state === "offline" || state === "behind" ? <span className={classes.lost}>{t("offline")}</span> : null}
    </div>
  );
}

/** A new screen begins at its beginning, for the keyboard and the screen reader too. */
function useFocusOnNavigation(path: string) {
  const main = useRef<HTMLElement>(null);
  const last = useRef(path);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}
