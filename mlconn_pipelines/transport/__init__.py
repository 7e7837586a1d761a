"""What the systems' APIs share: HTTP, paging, OData, retry, throttle, shared sessions, Entra; and alerts.

May import records, ports and config; alert.py flows.ports too. Start at http.py.
"""

import logging

# httpx writes whole URLs at INFO, httpcore whole headers at DEBUG; both can hold secrets.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)
