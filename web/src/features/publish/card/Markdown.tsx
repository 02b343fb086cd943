// Markdown as elements of the page: read by `marked`, drawn by us, so that nothing in it can be more than text.
import { lexer, type Token, type Tokens } from "marked";
import { createElement, Fragment, type ReactNode } from "react";
import classes from "./Card.module.css";

/** What is shown for a picture. Those elsewhere should be named, not fetched: a card must not tell others who reads it. */
export type Look = (href: string, alt: string) => ReactNode;

/** Headings begin below those of the page. */
const DEEPER = 2;

export function Markdown({ text, look }: { text: string; look: Look }) {
  return <div className={classes.markdown}>{several(lexer(text), look)}</div>;
}

function several(tokens: Token[] | undefined, look: Look): ReactNode {
  return tokens?.map((token, at) => <Fragment key={at}>{one(token as Tokens.Generic, look)}</Fragment>);
}

const LINK = /^https?:\/\//i;

function one(token: Tokens.Generic, look: Look): ReactNode {
  const inside = () => several(token.tokens, look);
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return createElement(`h${Math.min(6, (token as Tokens.Heading).depth + DEEPER)}`, null, inside());
    case "paragraph":
      return <p>{inside()}</p>;
    case "list":
      return list(token as Tokens.List, look);
    case "code":
      return <pre><code>{token.text}</code></pre>;
    case "blockquote":
      return <blockquote>{inside()}</blockquote>;
    case "table":
      return table(token as Tokens.Table, look);
    case "hr":
      return <hr />;
    case "strong":
    case "em":
    case "del":
      return createElement(token.type, null, inside());
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return LINK.test(token.href) ? <a href={token.href} target="_blank" rel="noreferrer nofollow">{inside()}</a> : inside();
    case "image":
      return look(token.href, token.text);
    case "escape":
      return token.text;
    case "text":
      return token.tokens ? inside() : token.text;
    default:
      return token.raw; // HTML too: it is shown, not used
  }
}

function list({ ordered, items }: Tokens.List, look: Look): ReactNode {
  return createElement(ordered ? "ol" : "ul", null, items.map((item, at) => <li key={at}>{several(item.tokens, look)}</li>));
}

function table({ header, rows }: Tokens.Table, look: Look): ReactNode {
  const named = header.some((cell) => cell.text !== "");
  return (
    <div className={classes.table}>
      <table>
        {named && <thead><tr>{header.map((cell, at) => <th key={at} scope="col">{several(cell.tokens, look)}</th>)}</tr></thead>}
        <tbody>{rows.map((row, at) => <tr key={at}>{row.map((cell, n) => <td key={n}>{several(cell.tokens, look)}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}
