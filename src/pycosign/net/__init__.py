"""HTTP for everything above: pools, retries, proxies, TLS, deadlines and limits.

Nothing here knows what is fetched. A status below 500 is an answer and goes to the caller; a host that does not
answer, or answers 5xx or 429 until the retries are used up, is `UnavailableError`.
"""
