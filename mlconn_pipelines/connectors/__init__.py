"""One folder a system: sign in, fetch, post, look up. Shared: http, odata, session, throttle, retry, alert."""

import logging

# httpx writes whole URLs at INFO, httpcore whole headers at DEBUG; both can hold secrets.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)
