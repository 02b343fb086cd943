// Every setting that is not the same in all runs, a column a run.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { RunDiff } from "@/api/types";
import classes from "@/features/experiments/diff/Diff.module.css";
import { groupsOf } from "@/features/new-run/form/schema";
import { schemaQuery } from "@/features/new-run/queries";

export function Settings({ diff: { runs, settings } }: { diff: RunDiff }) {
  const { t, i18n } = useTranslation("experiments");
  const schema = useQuery(schemaQuery).data;
  const family = runs[0]?.family ?? "sd1";
  const fields = useMemo(() => new Map(schema?.$defs ? groupsOf(schema, family).flatMap((group) => group.fields.map((field) => [field.key, field] as const)) : []), [schema, family]);
  if (settings.length === 0) return <p className={classes.soft}>{t("diff.same")}</p>;
  const labelOf = (key: string) => fields.get(key)?.[i18n.language === "zh" ? "zh" : "en"].label;
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard
    <div className={classes.sheet} tabIndex={0} role="region" aria-labelledby="settings">
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{t("diff.setting")}</th>
            {runs.map((run) => <th key={run.id} scope="col"><Link to={`/runs/${run.id}`}>{run.name}</Link></th>)}
          </tr>
        </thead>
        <tbody>
          {settings.map(({ key, values }) => (
            <tr key={key}>
              <th scope="row">{labelOf(key)} <code>{key}</code></th>
              {runs.map((run, n) => <td key={run.id}>{shown(values[n], t("diff.nothing"))}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shown(value: unknown, nothing: string): string {
  if (value === null || value === undefined || value === "") return nothing;
  if (Array.isArray(value)) return value.map((one) => shown(one, nothing)).join("\n");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
