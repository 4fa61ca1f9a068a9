"""Targets: command lines, references, digests, HTTP headers, proxies, services' answers, batches and config files."""

import io
import os
import tempfile
from datetime import UTC, datetime
from functools import cache
from urllib.parse import quote as percent

from pycosign.cli import gotext
from pycosign.cli.commands.sign import COMMAND as SIGN
from pycosign.cli.commands.verify import COMMAND as VERIFY
from pycosign.cli.commands.verify_blob import COMMAND as VERIFY_BLOB
from pycosign.cli.parser import parse, repair
from pycosign.clients.answers import explain_answer
from pycosign.clients.fulcio import _read_chain
from pycosign.clients.oauth import discover
from pycosign.clients.oidc import parse_identity_token
from pycosign.clients.rekor_v1 import _existing_id
from pycosign.codec.b64 import decode_b64, decode_b64url, encode_b64url
from pycosign.codec.rfc3339 import format_rfc3339, parse_rfc3339
from pycosign.codec.strict_json import load_json
from pycosign.errors import MalformedError
from pycosign.flows.in_order import LineReader
from pycosign.flows.verify_batch import judge_line
from pycosign.limits import BATCH_LINE_BYTES, TOKEN_BYTES
from pycosign.net.http import HttpClient, Response
from pycosign.net.proxies import proxy_settings
from pycosign.net.redact import redact_header, redact_text, redact_url
from pycosign.oci.auth import _check_realm, _read_token, is_private_host, parse_challenges
from pycosign.oci.docker_config import DockerConfig, load_docker_config
from pycosign.oci.layout import LayoutRegistry
from pycosign.oci.paging import next_page
from pycosign.oci.problems import error_text
from pycosign.oci.transport import is_plain_http_registry
from pycosign.stack.files import DataDir
from pycosign.stack.ports import is_loopback, parse_ports
from pycosign.verify.artifact import artifact_from_digest, parse_digest
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule
from pycosign.wire.reference import check_digest, is_digest, parse_reference, parse_repository
from tests.fuzz import seeds
from tests.fuzz.target import Target, as_argument, as_header, as_text, tolerating

_WHAT = "sample"
_NOW = datetime(2026, 11, 22, tzinfo=UTC)
_URL = "https://registry.example/v2/app/tags/list"


# ---- the command line ------------------------------------------------------------------------------------------------
def run_command_line(data: bytes) -> None:
    """Words, one a line, for commands with every kind of flag."""
    words = as_argument(data).split("\n")
    repaired, _ = repair(words)
    for command in (VERIFY_BLOB, VERIFY, SIGN):
        with tolerating():
            parse(list(repaired), command.flags)


def run_go_text(data: bytes) -> None:
    """Values of flags; ValueError is what these readers document."""
    text = as_argument(data)
    gotext.quote(text)
    for read in (gotext.parse_bool, gotext.parse_int, gotext.split_commas):
        with tolerating(ValueError):
            read(text)
    with tolerating(ValueError):
        gotext.format_duration(abs(gotext.parse_duration(text)))


def run_names(data: bytes) -> None:
    """References, digests, moments, ports and hosts: short texts with one reading."""
    text = as_argument(data)
    with tolerating():
        reference = parse_reference(text)
        assert parse_reference(reference.name) == parse_reference(reference.name, default_tag=None)
        is_plain_http_registry(reference.name.partition("/")[0])
    with tolerating():
        repository = parse_repository(text, what=_WHAT)
        assert parse_repository(repository, what=_WHAT) == repository
    with tolerating():
        assert is_digest(check_digest(text, what=_WHAT))
    for read in (artifact_from_digest, parse_ports):
        with tolerating():
            read(text)
    with tolerating():
        parse_digest(text, what=_WHAT)
    with tolerating():
        moment = parse_rfc3339(text, what=_WHAT)
        assert parse_rfc3339(format_rfc3339(moment), what=_WHAT) == moment
    with tolerating():
        assert encode_b64url(decode_b64url(text, what=_WHAT)) == text
    with tolerating():
        decode_b64(text, what=_WHAT)
    is_private_host(text)
    is_loopback(text)


# ---- what servers answer ---------------------------------------------------------------------------------------------
def run_registry_answer(data: bytes) -> None:
    """One header, or one body, of a registry or of its token service."""
    header = as_header(data)
    for challenge in parse_challenges(header):
        with tolerating():
            _check_realm(challenge.parameters.get("realm", ""), _URL)
    with tolerating():
        next_page(Response(200, {"Link": header}, b"", _URL))
    with tolerating():
        _read_token(Response(200, {}, data, _URL), _URL)
    error_text(data)


def run_service_answer(data: bytes) -> None:
    """One body of Fulcio, Rekor or an OIDC issuer; a token; a Location header."""
    answer = Response(400, {"Location": as_header(data), "Content-Type": "application/json"}, data, _URL)
    explain_answer(answer)
    with tolerating():
        _existing_id(answer)
    with tolerating():
        _read_chain(data)
    with tolerating():
        parse_identity_token(as_text(data))
    with tolerating():
        discover(_Answering(data), "https://issuer.example")


class _Answering(HttpClient):
    """An HTTP client that never asks: every answer has this body."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def request(self, *arguments: object, **more: object) -> Response:
        return Response(200, {"Content-Type": "application/json"}, self._body, _URL)


def run_secrets(data: bytes) -> None:
    """What is shown of URLs and headers; no reading may fail, for it is done while an error is told."""
    text = as_text(data)
    redact_url(text)
    redact_text(text)
    for name in ("Authorization", "Location", "Link", "X-Other"):
        redact_header(name, text)


def run_proxies(data: bytes) -> None:
    """An environment, NAME=VALUE a line."""
    pairs = (line.partition("=") for line in as_argument(data).split("\n"))
    environment = {name: value for name, _, value in pairs}
    with tolerating():
        settings = proxy_settings(environment)
        for url in ("http://registry.example:5000/v2/", "https://[::1]/", f"http://{percent(as_text(data[:20]))}/"):
            settings.proxy_for(url)


# ---- files -----------------------------------------------------------------------------------------------------------
def run_batch(data: bytes) -> None:
    """A batch: from bytes to lines to verdicts. Paths in it name nothing."""
    lines = LineReader(io.BytesIO(data), max_bytes=BATCH_LINE_BYTES)
    requirements = Requirements(SignerIdentity(TextRule("a"), TextRule("b")))
    directory = os.getcwd()
    os.chdir(_scratch())
    try:
        while (line := lines.wait()) is not None:
            judge_line(line, trust=None, requirements=requirements, now=_NOW)
    finally:
        os.chdir(directory)


def run_docker_config(data: bytes) -> None:
    """Without its helpers: they are programs."""
    path = os.path.join(_scratch(), "config.json")
    _write(path, data)
    with tolerating():
        load_docker_config({"DOCKER_CONFIG": _scratch()})
    with tolerating():
        value = load_json(data, what=_WHAT, max_bytes=TOKEN_BYTES)
        if not isinstance(value, dict):
            raise MalformedError(_WHAT, "is no object")
        value.pop("credsStore", None)
        value.pop("credHelpers", None)
        DockerConfig(_WHAT, value)("registry.example/app")


def run_layout(data: bytes) -> None:
    """index.json of an image layout, which somebody else may have written."""
    directory = os.path.join(_scratch(), "layout")
    os.makedirs(directory, exist_ok=True)
    _write(os.path.join(directory, "index.json"), data)
    layout = LayoutRegistry(directory)
    with tolerating():
        layout.list_tags("")
    with tolerating():
        layout.saved_image()
    with tolerating():
        layout.find_manifest("", "latest")
    with tolerating():
        layout.referrers("", f"sha256:{'0' * 64}")


def run_stack_files(data: bytes) -> None:
    """format.json and stack.json of a data directory."""
    directory = os.path.join(_scratch(), "stack")
    os.makedirs(directory, exist_ok=True)
    for name in ("format.json", "stack.json"):
        _write(os.path.join(directory, name), data)
    with tolerating():
        DataDir(directory).read_record()
    with tolerating():
        DataDir(directory).read_stack_json()


@cache
def _directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="pycosign-fuzz-")


def _scratch() -> str:
    """A directory of this process, that goes with it."""
    return _directory().name


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as stream:
        stream.write(data)


# ---- samples ---------------------------------------------------------------------------------------------------------
def _lines(*texts: str) -> list[bytes]:
    return [text.encode() for text in texts]


_WORDS = _lines(
    "--certificate-identity=a@example.com\n--certificate-oidc-issuer\nhttps://issuer.example\n--bundle\nx\nfile",
    "-key\ncosign.pub\n--insecure-ignore-tlog=true\n-t\n3m\n--\n-x",
    "--annotations\na=1,b=2\n-a\nc=3\n--max-workers=0x10\nregistry.example/app:v1",
    '--recursive\n--timeout=1h2m3.5s\n--tlog-upload=f\n-r\n--output-signature="',
)
_VALUES = _lines(
    "true", "F", "0x7fff_ffff", "-0b11", "1h2m3.5s", "-1.5us", '"a,b",c,"d""e"', "a,,b", "9223372036854775807"
)
_NAMES = _lines(
    "registry.example:5000/a/b:v1@sha256:" + "0" * 64,
    "ubuntu",
    "localhost/x",
    "[::1]:5000/x",
    "sha256:" + "ab" * 32,
    "sha512:" + "0" * 128,
    "2026-11-22T12:00:00.123456789+01:00",
    "fulcio=5555,rekor=3000,auto",
    "127.0.0.1",
    "0x7f.1",
    "AAEC_-8",
    "index.docker.io/library/alpine:3",
)
_HEADERS = _lines(
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    'Basic realm="a \\"b\\""',
    "Negotiate, Bearer realm=http://127.0.0.1/token",
    '</v2/app/tags/list?n=2&last=b>; rel="next"',
    '{"token":"abc","expires_in":60}',
    '{"access_token":"abc","expires_in":1e9}',
    '{"errors":[{"code":"DENIED","message":"requested access"}]}',
)
_ISSUER = _lines(
    '{"issuer":"https://issuer.example","authorization_endpoint":"https://issuer.example/auth",'
    '"token_endpoint":"https://issuer.example/token","device_authorization_endpoint":"https://issuer.example/device"}',
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwOi8vaSIsInN1YiI6InMiLCJleHAiOjE3OTUzNDgwMDB9.AAAA",
    "/api/v1/log/entries/" + "0" * 80,
    '{"code":3,"message":"bad"}',
    '{"error":"invalid_grant","error_description":"no"}',
)
_SECRETS = _lines(
    "https://me:secret@registry.example:5000/v2/?token=abc&x=1#f",
    "Bearer eyJhbGciOiJSUzI1NiJ9.e30.AAAA",
    'password="hunter2" auth: abcdef',
    "//[::1",
    "http://[::1]:99999/",
    "Location: https://a:b@c/",
)
_PROXIES = _lines(
    "HTTP_PROXY=http://me:pw@proxy:3128\nHTTPS_PROXY=socks5://p\nNO_PROXY=localhost,.example,10.0.0.0/8,[::1]:80,*.x:5",
    "https_proxy=proxy\nNO_PROXY=*",
    "HTTP_PROXY=://\nREQUEST_METHOD=GET",
    "HTTPS_PROXY=http://[::1]:x/",
)
_BATCH = _lines(
    '{"artifact":"a","bundle":"b"}\n\n{"artifact":"sha256:' + "0" * 64 + '","bundle":"b"}\r\n',
    '{"artifact":"a","bundle":"b","identity":"x"}\n[]\nnull\n{"artifact":"\\u0000","bundle":""}',
)
_DOCKER = _lines(
    '{"auths":{"registry.example":{"auth":"bWU6cHc="},"https://index.docker.io/v1/":{"identitytoken":"t"}}}',
    '{"auths":{"https://registry.example/v2/":{"username":"u","password":"p","registrytoken":""}},"credsStore":""}',
)
_STACK = _lines(
    '{"format":1,"schema":1,"ports":{"fulcio":5555,"rekor":3000,"rekor_v2":3003,"ctlog":6962,"tsa":3004,"oidc":8080,'
    '"tuf":8081,"registry":5001},"host":"127.0.0.1","since":"2026-11-22T12:00:00+00:00"}',
)
_LAYOUT = _lines(
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":'
    '"application/vnd.oci.image.manifest.v1+json","digest":"sha256:' + "0" * 64 + '","size":2,"annotations":'
    '{"kind":"dev.cosignproject.cosign/image","org.opencontainers.image.ref.name":"latest"}}]}',
)

TARGETS = (
    Target(
        "reference",
        run_names,
        lambda: _NAMES,
        (
            parse_reference,
            parse_repository,
            check_digest,
            is_digest,
            artifact_from_digest,
            parse_digest,
            parse_ports,
            parse_rfc3339,
            decode_b64url,
            decode_b64,
            is_private_host,
            is_loopback,
            is_plain_http_registry,
        ),
    ),
    Target(
        "registry-answer",
        run_registry_answer,
        lambda: [*_HEADERS, *seeds.recorded("cosign-registry/referrers-index.json")],
        (parse_challenges, next_page, error_text),
    ),
    Target(
        "service-answer",
        run_service_answer,
        lambda: [*_ISSUER, *seeds.exchanged("fulcio-*", "*-error-*", answers=True)],
        (explain_answer, parse_identity_token, discover),
    ),
    Target("command-line", run_command_line, lambda: _WORDS, (parse, repair)),
    Target(
        "flag-values",
        run_go_text,
        lambda: _VALUES,
        (gotext.quote, gotext.parse_bool, gotext.parse_int, gotext.parse_duration, gotext.split_commas),
    ),
    Target("secrets", run_secrets, lambda: _SECRETS, (redact_url, redact_text, redact_header)),
    Target("proxies", run_proxies, lambda: _PROXIES, (proxy_settings,)),
    Target("batch", run_batch, lambda: _BATCH, (judge_line,)),
    Target("docker-config", run_docker_config, lambda: _DOCKER, (load_docker_config,)),
    Target(
        "image-layout",
        run_layout,
        lambda: [*_LAYOUT, *seeds.recorded("cosign-registry/referrers-index.json")],
        (LayoutRegistry.saved_image, LayoutRegistry.list_tags),
    ),
    Target("stack-files", run_stack_files, lambda: _STACK, (DataDir.read_record, DataDir.read_stack_json)),
)
