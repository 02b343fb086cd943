// An example as fields: who says what, in what order; Control and Enter saves, Escape leaves what was not changed.
import { ActionIcon, Button, SegmentedControl, Select, Switch, Textarea } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Message, Role } from "../api";
import { reshape, type Shape, SHAPES, withMessage, withoutTurn, withSystem, withTurn, type Writing } from "../shape";
import classes from "./Writing.module.css";

const ROLES: readonly Role[] = ["system", "user", "assistant", "tool"];

interface Props {
  /** What is written, for a screen reader. */
  name: string;
  writing: Writing;
  onChange: (writing: Writing) => void;
  onSave: () => void;
  /** Leaves without saving; asked for by Escape. */
  onLeave: () => void;
  /** Which field is to have the cursor at first. */
  first?: "first" | "last";
}

export function WritingForm({ name, writing, onChange, onSave, onLeave, first = "first" }: Props) {
  const { t } = useTranslation("texts");
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const fields = box.current?.querySelectorAll("textarea") ?? [];
    fields[first === "last" ? fields.length - 1 : 0]?.focus();
  }, [first]);
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSave();
    }
    if (event.key === "Escape" && !event.defaultPrevented) onLeave();
  };
  const field = (label: string, value: string, change: (text: string) => void, rows = 2) => (
    <Textarea label={label} autosize minRows={rows} maxRows={24} value={value} onChange={(event) => change(event.currentTarget.value)} />
  );
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the keys are of the fields inside
    <div ref={box} className={classes.form} role="group" aria-label={name} onKeyDown={keys}>
      <div className={classes.head}>
        <SegmentedControl
          size="xs" aria-label={t("shape.label")} value={writing.shape} data={SHAPES.map((value) => ({ value, label: t(`shape.${value}`) }))}
          onChange={(shape) => onChange(reshape(writing, shape as Shape))}
        />
        <Switch size="xs" label={t("heldOut.switch")} checked={writing.heldOut} onChange={(event) => onChange({ ...writing, heldOut: event.currentTarget.checked })} />
      </div>
      {writing.shape === "document" ? field(t("field.document"), writing.text, (text) => onChange({ ...writing, text }), 6) : <Turns writing={writing} onChange={onChange} />}
      {writing.shape === "choice" ? (
        <div className={classes.choices}>
          {field(t("field.chosen"), writing.chosen, (chosen) => onChange({ ...writing, chosen }), 3)}
          {field(t("field.rejected"), writing.rejected, (rejected) => onChange({ ...writing, rejected }), 3)}
        </div>
      ) : null}
    </div>
  );
}

function Turns({ writing, onChange }: Pick<Props, "writing" | "onChange">) {
  const { t } = useTranslation("texts");
  const { messages } = writing;
  return (
    <>
      {messages.map((message, at) => (
        <Turn key={at} at={at} message={message} alone={messages.length === 1} onChange={(change) => onChange(withMessage(writing, at, change))} onRemove={() => onChange(withoutTurn(writing, at))} />
      ))}
      <div className={classes.ways}>
        <Button variant="subtle" size="compact-sm" onClick={() => onChange(withTurn(writing))}>{t("turn.add")}</Button>
        {messages[0]?.role === "system" ? null : <Button variant="subtle" size="compact-sm" onClick={() => onChange(withSystem(writing))}>{t("turn.system")}</Button>}
      </div>
    </>
  );
}

interface TurnProps {
  at: number;
  message: Message;
  alone: boolean;
  onChange: (change: Partial<Message>) => void;
  onRemove: () => void;
}

function Turn({ at, message, alone, onChange, onRemove }: TurnProps) {
  const { t } = useTranslation("texts");
  const role = t(`role.${message.role}`);
  const calls = message.tool_calls.length;
  return (
    <div className={classes.turn}>
      <Select
        className={classes.role} size="xs" aria-label={t("turn.role", { number: at + 1 })} allowDeselect={false} value={message.role} data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
        onChange={(value) => value !== null && onChange({ role: value as Role })}
      />
      <Textarea
        className={classes.says} aria-label={t("turn.says", { number: at + 1, role })} autosize minRows={1} maxRows={24} value={message.content}
        description={calls > 0 ? t("turn.calls", { count: calls }) : undefined} onChange={(event) => onChange({ content: event.currentTarget.value })}
      />
      <ActionIcon className={classes.drop} variant="subtle" color="gray" aria-label={t("turn.remove", { number: at + 1 })} title={t("turn.remove", { number: at + 1 })} disabled={alone} onClick={onRemove}>
        <IconX size={16} />
      </ActionIcon>
    </div>
  );
}
