"""TLS: whom a client believes, and whom it tells who it is."""

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pycosign.errors import UnavailableError, UsageError
from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient
from pycosign.net.proxies import ProxySettings
from pycosign.net.tls import TlsOptions, ssl_context
from tests.net.conftest import ScriptedServer

DIRECT = ProxySettings(None, None)


class Pki:
    """A CA, a server certificate for 127.0.0.1 and "registry.example", and a client certificate, as files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._ca_key = ec.generate_private_key(ec.SECP256R1())
        self._ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
        ca = self._build(self._ca_name, self._ca_key, x509.BasicConstraints(True, None))
        self.ca = self._write("ca.pem", ca.public_bytes(serialization.Encoding.PEM))
        names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("registry.example")]
        self.server, self.server_key = self._issue("server", x509.SubjectAlternativeName(names))
        self.client, self.client_key = self._issue("client", None)

    def _build(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType | None
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(
            self._ca_name,
            name,
            key.public_key(),
            x509.random_serial_number(),
            now - datetime.timedelta(hours=1),
            now + datetime.timedelta(hours=1),
        )
        for extension in extensions:
            if extension is not None:
                builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self._ca_key, hashes.SHA256())

    def _issue(self, name: str, san: x509.SubjectAlternativeName | None) -> tuple[str, str]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._build(subject, key, x509.BasicConstraints(False, None), san)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self._write(f"{name}.pem", certificate.public_bytes(serialization.Encoding.PEM))
        return path, self._write(f"{name}.key", pem)

    def _write(self, name: str, content: bytes) -> str:
        path = self.directory / name
        path.write_bytes(content)
        return str(path)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


def serve(pki: Pki, *, demand_client: bool) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    class QuietServer(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.server, pki.server_key)
    if demand_client:
        context.load_verify_locations(pki.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    server = QuietServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def tls_url(pki: Pki) -> Iterator[str]:
    yield from serve(pki, demand_client=False)


@pytest.fixture
def mutual_url(pki: Pki) -> Iterator[str]:
    yield from serve(pki, demand_client=True)


def fetch(url: str, options: TlsOptions) -> bytes:
    with HttpClient(Deadline.after(5), tls=options, proxies=DIRECT) as client:
        return client.request("GET", url).body


def test_a_given_authority_is_trusted_and_no_other(tls_url: str, pki: Pki) -> None:
    assert fetch(tls_url, TlsOptions(ca_file=pki.ca)) == b"ok"
    with pytest.raises(UnavailableError) as caught:
        fetch(tls_url, TlsOptions())
    assert caught.value.code == "net.certificate"
    assert tls_url in str(caught.value)


def test_ssl_cert_file_and_ssl_cert_dir_are_honoured(
    tls_url: str, pki: Pki, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", pki.ca)
    assert fetch(tls_url, TlsOptions()) == b"ok"
    monkeypatch.delenv("SSL_CERT_FILE")
    (tmp_path / "README").write_text("not a certificate")
    (tmp_path / "corp.crt").write_bytes(Path(pki.ca).read_bytes())
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert fetch(tls_url, TlsOptions()) == b"ok"


def test_insecure_checks_nothing(tls_url: str) -> None:
    assert fetch(tls_url, TlsOptions(insecure=True)) == b"ok"


def test_the_server_name_can_be_another_than_the_urls_host(tls_url: str, pki: Pki) -> None:
    assert fetch(tls_url, TlsOptions(ca_file=pki.ca, server_name="registry.example")) == b"ok"
    with pytest.raises(UnavailableError) as caught:
        fetch(tls_url, TlsOptions(ca_file=pki.ca, server_name="other.example"))
    assert caught.value.code == "net.certificate"


@pytest.mark.parametrize("name", ["", ".", "..", "a..b", ".example.com", "a" * 64, "a b", "a/b", "a\0b"])
def test_a_server_name_that_cannot_be_one_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a host"):
        ssl_context(TlsOptions(server_name=name), {})


def test_a_client_certificate_is_presented(mutual_url: str, pki: Pki) -> None:
    options = TlsOptions(ca_file=pki.ca, client_certificate=pki.client, client_key=pki.client_key)
    assert fetch(mutual_url, options) == b"ok"
    with pytest.raises(UnavailableError):
        fetch(mutual_url, TlsOptions(ca_file=pki.ca))


def test_plain_http_behind_an_https_url_is_a_tls_error_without_a_traceback(server: ScriptedServer) -> None:
    with pytest.raises(UnavailableError) as caught:
        fetch(server.url.replace("http:", "https:"), TlsOptions())
    assert caught.value.code == "net.tls"


@pytest.mark.parametrize("kind", ["no such CA", "CA is no PEM", "key without certificate", "unpaired", "no such key"])
def test_bad_tls_files_are_usage_errors_that_name_the_file(pki: Pki, tmp_path: Path, kind: str) -> None:
    text = tmp_path / "text"
    text.write_text("hello")
    missing = str(tmp_path / "missing")
    options, named = {
        "no such CA": (TlsOptions(ca_file=missing), missing),
        "CA is no PEM": (TlsOptions(ca_file=str(text)), str(text)),
        "key without certificate": (TlsOptions(client_key=pki.client_key), "together"),
        "unpaired": (TlsOptions(client_certificate=pki.client, client_key=pki.server_key), pki.client),
        "no such key": (TlsOptions(client_certificate=pki.client, client_key=missing), missing),
    }[kind]
    with pytest.raises(UsageError) as caught:
        ssl_context(options, {})
    assert named in str(caught.value)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_bad_certificate_variables_are_usage_errors(variable: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=variable):
        ssl_context(TlsOptions(), {variable: str(tmp_path / "missing")})


def test_the_systems_authorities_are_the_default() -> None:
    context = ssl_context(TlsOptions(), {})
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
