#!/usr/bin/env node
// A small HTTP server on 127.0.0.1. It shows its pid, so that you see it change.
import { createServer } from "node:http";

const port = Number(process.argv[2]);
const since = new Date().toISOString();

createServer((request, response) => {
  console.log(`${request.method} ${request.url}`);
  response.setHeader("content-type", "text/plain");
  response.end(`Hello from pid ${process.pid}, up since ${since}\n`);
}).listen(port, "127.0.0.1", () => console.log(`pid ${process.pid} listening on ${port}`));
