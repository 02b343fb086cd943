// A section that is folded away and is only made when it is opened.
import { type ReactNode, useState } from "react";
import classes from "@/components/Fold.module.css";

export function Fold({ title, children }: { title: string; children: () => ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <details className={classes.fold} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      <div className={classes.foldBody}>{open && children()}</div>
    </details>
  );
}
