// A small HTTP server that answers all pending requests before it exits.
import { createServer } from "node:http";

const port = Number(process.argv[2]);
const server = createServer((request, response) => {
  console.log(`web: ${request.method} ${request.url}`);
  response.end("Hello\n");
});
server.listen(port, () => console.log(`web: listening on ${port}`));
process.on("SIGTERM", () => {
  console.log("web: exiting");
  server.close();
  server.closeIdleConnections();
});
