// A server in the dev server: contract-shaped data for `npm run mock`, so that the page can be worked on alone.
import type { IncomingMessage } from "node:http";
import type { Plugin } from "vite";
import { WebSocketServer } from "ws";
import { runs } from "./data.ts";
import { cellPicture } from "./experiments.ts";
import { picture } from "./pictures.ts";
import { drawRequest, keptPicture } from "./playground.ts";
import { answer } from "./routes.ts";
import { uploadRequest } from "./uploads.ts";

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (!request.headers["content-type"]?.includes("json")) return {};
  const text = Buffer.concat(chunks).toString();
  return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}

const seedOf = (text: string) => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);

const MASK = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8" width="512" height="512"><path d="M0 0h8v8H0z"/><circle cx="4" cy="4" r="3" fill="#fff"/></svg>';

/** One running run that moves, told to everybody who listens. */
function live(sockets: WebSocketServer): NodeJS.Timeout {
  return setInterval(() => {
    const run = runs.find((one) => one.id === "r1");
    if (!run) return;
    const total = run.total_steps ?? 600;
    run.step = run.step >= total ? 0 : run.step + 1;
    run.eta_seconds = (total - run.step) * 0.8;
    const text = JSON.stringify([{ type: "run", run }]);
    for (const socket of sockets.clients) socket.send(text);
  }, 800);
}

export function mockApi(): Plugin {
  return {
    name: "mock-api",
    configureServer(server) {
      const sockets = new WebSocketServer({ noServer: true });
      const timer = live(sockets);
      server.httpServer?.on("close", () => clearInterval(timer));
      server.httpServer?.on("upgrade", (request, socket, head) => {
        if (request.url?.startsWith("/api/")) sockets.handleUpgrade(request, socket, head, (client) => sockets.emit("connection", client));
      });
      server.middlewares.use(async (request, response, next) => {
        const url = new URL(request.url ?? "/", "http://mock");
        const { pathname: path } = url;
        if (!path.startsWith("/api/")) return next();
        if (path.startsWith("/api/uploads")) return uploadRequest(request, response, path);
        if (/\/experiments\/\w+\/cells\/\d+$/.test(path)) return response.setHeader("Content-Type", "image/svg+xml").end(cellPicture(path));
        if (path === "/api/drawings" && request.method === "POST") return drawRequest(request, response);
        if (/^\/api\/drawings\/\w+\/picture$/.test(path)) return response.setHeader("Content-Type", "image/svg+xml").end(keptPicture(path.split("/")[3] ?? ""));
        if (/\/(thumbnail|file|preview)$/.test(path))
          return response.setHeader("Content-Type", "image/svg+xml").end(picture(seedOf(path.split("/")[3] ?? "")));
        if (path.endsWith("/mask") && request.method === "GET") return response.setHeader("Content-Type", "image/svg+xml").end(MASK);
        const [status, body] = answer({ method: request.method ?? "GET", path, query: url.searchParams, body: await readJson(request) });
        await new Promise((done) => setTimeout(done, 120));
        response.writeHead(status, { "Content-Type": "application/json" }).end(body === undefined ? undefined : JSON.stringify(body));
      });
    },
  };
}
