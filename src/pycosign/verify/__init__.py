"""One pure pipeline that judges every kind of signature: evidence + artifact + trust + requirements + now -> Verified.

The order of the checks is on one screen in `pipeline`; nothing here opens a file or a socket or reads a clock.
"""
