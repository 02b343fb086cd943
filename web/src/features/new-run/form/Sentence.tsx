// A sentence of the schema, with what stands between backticks as code.
export function Sentence({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>;
}
