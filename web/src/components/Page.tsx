// The frame of a screen: its title in the tab and on the page, its actions, its content.
import type { ReactNode } from "react";
import classes from "./Page.module.css";

interface PageProps {
  title: string;
  /** What stands in the browser's tab when it differs from the title. */
  tab?: string;
  lead?: ReactNode;
  /** Breadcrumb or state above the title. */
  above?: ReactNode;
  /** Replaces the plain heading, e.g. by one that can be renamed. It must hold the h1. */
  heading?: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

export function Page({ title, tab, lead, above, heading, actions, wide, children }: PageProps) {
  return (
    <div className={classes.page} data-wide={wide || undefined}>
      <title>{`${tab ?? title} · LoRA Loom`}</title>
      <header className={classes.head}>
        <div className={classes.words}>
          {above ? <div className={classes.above}>{above}</div> : null}
          {heading ?? <h1 className={classes.title}>{title}</h1>}
          {lead ? <p className={classes.lead}>{lead}</p> : null}
        </div>
        {actions ? <div className={classes.actions}>{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}
