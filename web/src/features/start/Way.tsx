// One of the three ways in.
import type { ReactNode } from "react";
import classes from "./Way.module.css";

interface WayProps {
  title: string;
  text: string;
  primary?: boolean;
  children: ReactNode;
}

export function Way({ title, text, primary, children }: WayProps) {
  return (
    <section className={classes.way} data-primary={primary || undefined}>
      <h2 className={classes.title}>{title}</h2>
      <p className={classes.text}>{text}</p>
      <div className={classes.action}>{children}</div>
    </section>
  );
}
