"""One folder a system: sign in, fetch, post, look up. Shared: http, odata, throttle, retry, alert."""
