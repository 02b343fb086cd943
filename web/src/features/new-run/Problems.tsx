// What is wrong, each by the name its field has in the form.
import { useTranslation } from "react-i18next";
import type { Problem } from "@/api/types";
import classes from "@/features/new-run/Editor.module.css";
import { useForm } from "@/features/new-run/form/useForm";
import { useProblemWords } from "@/features/new-run/form/words";

export function Problems({ problems }: { problems: readonly Problem[] }) {
  const { t, i18n } = useTranslation("newRun");
  const said = useProblemWords();
  const { fieldOf } = useForm();
  if (problems.length === 0) return null;
  return (
    <div className={classes.problems} role="status">
      <p>{t("plan.problems", { count: problems.length })}</p>
      <ul>
        {problems.map((problem) => {
          const field = fieldOf(problem.key);
          const name = field === undefined ? <code>{problem.key}</code> : <strong>{field[i18n.language === "zh" ? "zh" : "en"].label}</strong>;
          return <li key={problem.key + problem.message}>{name}{t("plan.colon")}{said(problem)}</li>;
        })}
      </ul>
    </div>
  );
}
