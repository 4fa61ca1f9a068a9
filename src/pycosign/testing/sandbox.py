"""A private Sigstore for the length of a `with` block.

    with Sandbox() as s:
        bundle = pycosign.sign_file(b"hello", signer=s.sign_in("me@example.com"), instance=s.instance)
        pycosign.verify_file(b"hello", bundle=bundle, signer=s.identity("me@example.com"), trust=s.instance.trust)
        s.advance(timedelta(hours=1)); s.push_image("app:1.0"); s.urls["fulcio"]; s.registry

It runs in a thread of this process, on free ports of 127.0.0.1, in a temporary directory, and leaves nothing behind.
"""

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

from pycosign.ambient import utc_now
from pycosign.api.instance import Instance
from pycosign.api.means import Token
from pycosign.api.signers import Identity
from pycosign.api.trust import Trust
from pycosign.errors import UnavailableError
from pycosign.stack.app import Stack, new_event_loop
from pycosign.stack.env import variables
from pycosign.stack.idp.core import DEFAULT_EMAIL
from pycosign.stack.token import issue
from pycosign.testing.images import push_small_image
from pycosign.wire.signing_config import SigningConfig, parse_signing_config
from pycosign.wire.trusted_root import TrustedRoot, parse_trusted_root

__all__ = ["Sandbox", "SettableClock"]

STOP_SECONDS = 20


class SettableClock:
    """Stands still at the moment that it was given; without one it runs with the real time. Both can be moved.

    Args:   now: an aware moment, or None.
    Raises: nothing.
    """

    def __init__(self, now: datetime | None) -> None:
        self._frozen = now
        self._offset = timedelta()

    def __call__(self) -> datetime:
        """The sandbox's moment, UTC."""
        return (self._frozen or utc_now()) + self._offset

    def advance(self, by: timedelta) -> None:
        """Move it.

        Args:   by: how far; a negative step moves it back.
        Raises: nothing.
        """
        self._offset += by


class Sandbox:
    """Every service of a private Sigstore, with one clock.

    Args:   now: an aware moment at which the clock stands until `advance` moves it; None: the clock runs.
            data_dir: where it keeps its state; None: a temporary directory that goes at the end.
            ports: as `pycosign stack up --ports`.
            test_tokens: whether `GET {oidc}/token` answers.
    Raises (on entering): as `pycosign.stack.app.Stack`.
    """

    def __init__(
        self,
        now: datetime | None = None,
        *,
        data_dir: str | None = None,
        ports: str = "auto",
        test_tokens: bool = True,
    ) -> None:
        self.clock = SettableClock(now.astimezone(UTC) if now is not None else None)
        self._given_dir, self._ports, self._test_tokens = data_dir, ports, test_tokens
        self._stack: Stack | None = None
        self._thread: threading.Thread | None = None
        self.data_dir = ""
        self.urls: Mapping[str, str] = {}
        """What stack.json says: base URLs by service, and paths of the files for clients."""

    def __enter__(self) -> "Sandbox":
        self.data_dir = self._given_dir or tempfile.mkdtemp(prefix="pycosign-sandbox-")
        try:
            self._start()
        except BaseException:  # also an interrupt while it starts: it must not go on serving, or writing
            self.__exit__(None, None, None)
            raise
        return self

    def _start(self) -> None:
        stack = Stack(self.data_dir, ports=self._ports, test_tokens=self._test_tokens, clock=self.clock)
        started: Future[Mapping[str, str]] = Future()
        stack.__enter__()
        thread = threading.Thread(target=_serve, args=(stack, started), name="pycosign-sandbox", daemon=True)
        self._stack, self._thread = stack, thread  # before it runs, so that whatever happens it is stopped
        thread.start()
        self.urls = started.result()

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self.stop()
        finally:
            self._remove()

    def stop(self) -> None:
        """Drain and stop serving; the state stays until the block ends. Harmless when repeated.

        Raises: UnavailableError: it did not stop within 20 s.
        """
        if self._stack is None or self._thread is None:
            return
        self._stack.stop()
        if self._thread.ident is None:  # interrupted before it was started
            self._stack.__exit__()
        else:
            self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            raise UnavailableError("the sandbox did not stop")
        self._stack = self._thread = None

    def restart(self) -> None:
        """Stop, and serve the same state again on the same ports.

        Raises: as `stop`, and as on entering.
        """
        self.stop()
        self._start()

    def _remove(self) -> None:
        if self._given_dir is None:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    @property
    def now(self) -> datetime:
        """The sandbox's moment.

        Returns: aware, UTC.
        """
        return self.clock()

    def advance(self, by: timedelta) -> None:
        """Move the clock of every service.

        Args:   by: how far; a negative step moves it back.
        Raises: nothing.
        """
        self.clock.advance(by)

    @property
    def registry(self) -> str:
        """The registry.

        Returns: "HOST:PORT"; it speaks plain HTTP.
        """
        return self.urls["registry"]

    @property
    def issuer(self) -> str:
        """The issuer that tokens and certificates name.

        Returns: its URL.
        """
        return self.urls["oidc"]

    @property
    def instance(self) -> Instance:
        """This Sigstore as clients see it, with its clock: sign with it (Rekor v2 and timestamps), and verify under
        its `trust`.

        Returns: a new object at each call, of the same services.
        """
        return self._instance("signing_config")

    @property
    def instance_rekor_v1(self) -> Instance:
        """The same, to sign with Rekor v1.

        Returns: as `instance`.
        """
        return self._instance("signing_config_rekor_v1")

    def _instance(self, config: str) -> Instance:
        trust = Trust.from_json(self.read("trusted_root"), source=self.urls["trusted_root"], clock=self.clock)
        return Instance(trust, self.read(config), clock=self.clock)

    def sign_in(self, email: str = DEFAULT_EMAIL) -> Token:
        """Somebody who signs.

        Args:    email: of whoever it is.
        Returns: a token, good for one hour of the sandbox's clock.
        Raises:  UsageError: the sandbox does not run.
        """
        return Token(self.token(email))

    def identity(self, name: str = DEFAULT_EMAIL) -> Identity:
        """Who must have signed: whoever this issuer's certificates call `name`.

        Args:    name: an email address, or a machine's URI.
        Returns: what a verifier demands.
        Raises:  UsageError: an empty name.
        """
        return Identity(name, issuer=self.issuer)

    def push_image(self, name: str = "app:latest", *, content: bytes = b"hello") -> str:
        """Put a small image into the registry.

        Args:    name: "REPOSITORY[:TAG]" in it. content: of its one layer; other content is another image.
        Returns: its reference by digest, "HOST:PORT/REPOSITORY@sha256:HEX".
        Raises:  MalformedError: the name.
        """
        return push_small_image(f"{self.registry}/{name}", content)

    @property
    def trust(self) -> TrustedRoot:
        """The trust root that clients of this Sigstore are given; `instance.trust` verifies.

        Returns: the document's content, parsed.
        """
        return parse_trusted_root(self.read("trusted_root"))

    @property
    def signing_config(self) -> SigningConfig:
        """Where to sign: Rekor v2 and the timestamp authority.

        Returns: the document's content, parsed.
        """
        return parse_signing_config(self.read("signing_config"))

    @property
    def signing_config_rekor_v1(self) -> SigningConfig:
        """Where to sign with Rekor v1.

        Returns: the document's content, parsed.
        """
        return parse_signing_config(self.read("signing_config_rekor_v1"))

    def read(self, name: str) -> bytes:
        """One of the files that `urls` names by path.

        Args:    name: "trusted_root", "signing_config", "tuf_root" ...
        Returns: its bytes.
        Raises:  KeyError: no such name; OSError: the sandbox is gone.
        """
        with open(self.urls[name], "rb") as stream:
            return stream.read()

    def token(
        self, email: str | None = None, *, subject: str | None = None, claims: Mapping[str, Any] | None = None
    ) -> str:
        """An identity token as text, good for one hour of the sandbox's clock.

        Args:    email: of a person, by default foo@bar.com. subject: of a machine, in place of a person. claims: added
                 or replaced, as a CI system's token has them.
        Returns: the JSON web token.
        Raises:  UsageError: the sandbox does not run.
        """
        if email is None and subject is None:
            email = DEFAULT_EMAIL
        return issue(self.data_dir, email=email, subject=subject, extra=claims, clock=self.clock)

    def environment(self) -> dict[str, str]:
        """The variables that make another program use this Sigstore.

        Returns: names and values, as `pycosign stack env` prints them.
        Raises:  UsageError: the sandbox does not run; UnavailableError: its cache cannot be written.
        """
        return variables(self.data_dir, clock=self.clock)


def _serve(stack: Stack, started: "Future[Mapping[str, str]]") -> None:
    """The thread: serve until stopped, and hand what went wrong at the start to whoever waits."""
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(stack.serve(started.set_result))
        if not started.done():
            started.set_exception(UnavailableError("the sandbox stopped before it was ready"))
    except BaseException as exc:
        if started.done():
            raise
        started.set_exception(exc)
    finally:
        stack.__exit__()
