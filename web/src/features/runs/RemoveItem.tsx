// Deleting a run asks once more in its place in the menu.
import { Menu } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Run } from "@/api/types";
import { announce } from "@/components/announce";
import { useRemove } from "@/features/runs/useRun";

export function RemoveItem({ run }: { run: Run }) {
  const { t } = useTranslation("runs");
  const [sure, setSure] = useState(false);
  const navigate = useNavigate();
  const remove = useRemove(run.id);
  const click = () => {
    if (!sure) return setSure(true);
    remove.mutate(undefined, {
      onSuccess: () => void navigate("/runs"),
      onError: (error) => announce(error.message, "bad"),
    });
  };
  return (
    <Menu.Item color="var(--loom-bad)" closeMenuOnClick={false} disabled={remove.isPending} onClick={click}>
      {t(sure ? "do.removeSure" : "do.remove")}
    </Menu.Item>
  );
}
