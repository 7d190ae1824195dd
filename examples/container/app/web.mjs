// A small HTTP server that answers all that it was asked before it leaves.
import { createServer } from "node:http";

const port = Number(process.argv[2]);
const server = createServer((request, response) => {
  console.log(`web: ${request.method} ${request.url}`);
  response.end("Hello\n");
});
server.listen(port, () => console.log(`web: listens on ${port}`));
process.on("SIGTERM", () => {
  console.log("web: leaves");
  server.close();
  server.closeIdleConnections();
});
