// Tags as pills. Any comma ends one, also the full-width ones that input methods write without a key that could be seen.
import { TagsInput, type TagsInputProps } from "@mantine/core";
import { useState } from "react";
import { once, same, taken } from "./tags";
import classes from "./Words.module.css";

interface TagFieldProps extends Pick<TagsInputProps, "label" | "description" | "placeholder" | "readOnly" | "data" | "limit"> {
  value: readonly string[];
  onChange: (tags: string[]) => void;
  /** Whether the cursor is here when the dialog opens. */
  first?: boolean;
}

export function TagField({ value, onChange, first, ...field }: TagFieldProps) {
  const [typed, setTyped] = useState("");
  return (
    <TagsInput
      {...field} classNames={{ inputField: classes.typed }} value={[...value]} searchValue={typed} acceptValueOnBlur maxDropdownHeight={280} isDuplicate={(tag, tags) => tags.some((one) => same(one) === same(tag))}
      data-autofocus={first || undefined} onChange={(tags) => onChange(once(tags))}
      onSearchChange={(text) => {
        const { tags, rest } = taken(text);
        setTyped(rest);
        if (tags.length) onChange(once([...value, ...tags]));
      }}
    />
  );
}
