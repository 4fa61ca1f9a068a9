"""Both Rekors of one directory as a process of their own, to be killed: `python -m stack.serve_rekor DIR`.

Prints one line of JSON with their base URLs once it listens.
"""

import asyncio
import json
import os
import sys
from socket import socket

import uvicorn

from pycosign.ambient import random_bytes, utc_now
from pycosign.codec.pem import format_pem, parse_pem
from pycosign.crypto.signers import LocalSigner, generate_signer, load_private_key
from pycosign.stack.app import dispatch_by_port, new_event_loop
from pycosign.stack.tlog.open import open_rekor_v1, open_rekor_v2
from pycosign.stack.tlog.rekor_v1 import build_rekor_v1_app
from pycosign.stack.tlog.rekor_v2 import build_rekor_v2_app


def remembered_signer(path: str, algorithm: str) -> LocalSigner:
    """The key in a file, made if there is none."""
    if not os.path.exists(path):
        signer = generate_signer(algorithm)
        with open(path, "wb") as stream:
            stream.write(format_pem("PRIVATE KEY", signer.pkcs8_der()))
    with open(path, "rb") as stream:
        return load_private_key(parse_pem(stream.read(), what=path)[0].der)


def listen() -> socket:
    """A socket that listens on a free port of the loopback: who connects early waits."""
    sock = socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(1024)
    return sock


def main(directory: str) -> None:
    """Serve until killed."""
    one = remembered_signer(os.path.join(directory, "v1.pem"), "ecdsa-p256")
    two = remembered_signer(os.path.join(directory, "v2.pem"), "ed25519")
    host = "127.0.0.1"
    v1 = open_rekor_v1(os.path.join(directory, "rekor_v1"), host=host, signer=one, clock=utc_now, entropy=random_bytes)
    v2 = open_rekor_v2(os.path.join(directory, "rekor_v2"), host=host, signer=two, clock=utc_now)
    sockets = [listen(), listen()]
    ports = [sock.getsockname()[1] for sock in sockets]
    app = dispatch_by_port({ports[0]: build_rekor_v1_app(v1.rekor), ports[1]: build_rekor_v2_app(v2.rekor)})
    config = uvicorn.Config(app, http="httptools", log_level="warning", access_log=False, lifespan="off")
    print(json.dumps({"rekor": f"http://{host}:{ports[0]}", "rekor_v2": f"http://{host}:{ports[1]}"}), flush=True)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve(sockets))


if __name__ == "__main__":
    main(sys.argv[1])
