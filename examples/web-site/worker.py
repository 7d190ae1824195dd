"""The worker: does the orders of the pages one by one, and tells usrsvcd that it is alive (sd_notify)."""

import os
import signal
import socket

from store import Store

database = Store("SITE_DB")
retired = False


def retire(*_):
    global retired
    retired = True


def notify(text):
    address = os.environ.get("NOTIFY_SOCKET")
    if address is None:
        return  # started by hand
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        try:
            to.sendto(text.encode(), address)
        except OSError:
            pass  # nobody listens at the moment, which does no harm


signal.signal(signal.SIGTERM, retire)
signal.signal(signal.SIGUSR1, retire)
database.ask("PING")
notify("READY=1\nSTATUS=waiting for orders")
done = 0
while not retired:
    notify("WATCHDOG=1")
    order = database.ask("BRPOP", "orders", 1)  # waits for a second
    if order is not None:
        done = database.ask("INCR", "done")
        notify(f"STATUS={done} orders done")
notify("STOPPING=1")
print(f"retired after {done} orders", flush=True)
