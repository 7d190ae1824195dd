import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseName } from "../../../src/operations/adopt/name.ts";

describe("chooseName()", () => {
  const rows: readonly (readonly [words: string, directory: string, name: string])[] = [
    ["/usr/bin/redis-server *:6379", "/", "redis-server"],
    ["python3 worker_mail.py", "/srv/shop", "worker_mail"],
    ["python3 -u app.py --port 80", "/srv/shop", "shop"],
    ["python3 -m http.server 8000", "/srv", "http.server"],
    ["node /opt/chat/server.js", "/", "chat"],
    ["node dist/main.js", "/srv/api", "api"],
    ["npm start", "/srv/web site", "web-site"],
    ["java -Xmx1g -jar lib/shop-1.2.jar", "/srv", "shop-1.2"],
    ["bash ./loop.sh", "/srv", "loop"],
    ["/bin/sh -c cd_/x_&&_exec_serve_--port_1", "/srv", "serve"],
    ["./.hidden server", "/srv", "hidden"],
    ["php -S localhost:80", "/srv/blog", "blog"],
  ];
  for (const [text, directory, name] of rows) {
    test(text, () => {
      const words = text
        .split(" ")
        .map((word) => (word.startsWith("cd_") ? word.replaceAll("_", " ") : word));
      assert.equal(
        chooseName(words, directory, () => true),
        name,
      );
    });
  }

  test("takes a number where the name is taken", () => {
    const taken = new Set(["redis-server", "redis-server-2"]);
    assert.equal(
      chooseName(["redis-server"], "/", (name) => !taken.has(name)),
      "redis-server-3",
    );
  });
});
