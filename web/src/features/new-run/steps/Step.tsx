// One numbered question of the form.
import type { ReactNode } from "react";
import classes from "@/features/new-run/steps/Steps.module.css";

interface Props {
  number: number;
  title: string;
  help: string;
  children: ReactNode;
}

export function Step({ number, title, help, children }: Props) {
  const id = `step-${number}`;
  return (
    <section className={classes.step} aria-labelledby={id}>
      <h2 id={id}><span className={classes.number}>{number}</span> {title}</h2>
      <p className={classes.help}>{help}</p>
      {children}
    </section>
  );
}
