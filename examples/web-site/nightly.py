"""What is done once a night: forgets the pages in the cache, and writes down how many visits there were."""

import time

from store import Store

visits = Store("SITE_DB").ask("GET", "visits") or 0
try:
    Store("SITE_CACHE").ask("FLUSHALL")
except OSError:
    print("no cache, so nothing to forget")
print(f"{time.strftime('%Y-%m-%d %H:%M')} {visits} visits")
