"""The application: one page, which counts its visits in the database and remembers its text in the cache."""

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from store import Store

database, cache = Store("SITE_DB"), Store("SITE_CACHE")
port = int(sys.argv[1])
greeting = ""


def read_greeting(*_):
    global greeting
    with open("greeting.txt", encoding="utf-8") as file:
        greeting = file.read().strip()
    print(f"greeting: {greeting}", flush=True)


def text_of_page():
    """From the cache; made anew where that does not have it, or does not run."""
    key = f"page:{greeting}"
    try:
        text = cache.ask("GET", key)
        if text is None:
            text = f"{greeting} from {os.environ['SITE_NAME']}"
            cache.ask("SET", key, text, "EX", 60)
        return f"{text} (cached)"
    except OSError:
        return f"{greeting} from {os.environ['SITE_NAME']} (no cache)"


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            database.ask("PING")
            if self.path == "/health":
                self.answer(200, "well")
                return
            visits = database.ask("INCR", "visits")
            database.ask("LPUSH", "orders", visits)
            done = database.ask("GET", "done") or 0
            self.answer(200, f"{text_of_page()}\nport {port}, visit {visits}, orders done: {done}")
        except OSError as error:
            self.answer(503, f"no database: {error}")

    def answer(self, status, text):
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        if self.path != "/health":
            super().log_request(code, size)


read_greeting()
server = ThreadingHTTPServer(("127.0.0.1", port), Page)
server.daemon_threads = False  # those who wait for an answer get it
signal.signal(signal.SIGHUP, read_greeting)
# shutdown() waits for serve_forever(), which this thread is in the middle of.
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()
