"""Proxies, certificates, what a request carries, and that no test reaches the world outside."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import subprocess

import pytest

from mle_ideator_jupyter.endpoint import CallLog, Client
from mle_ideator_jupyter.endpoint.attempting import new_client
from mle_ideator_jupyter.errors import EndpointError
from tests.conftest import OutsideRequestError
from tests.endpoint.asking import ASK, KEY, complete, endpoint, run
from tests.endpoint.scripted import ScriptedServer, text


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 that signs itself, and its key, made for this run."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return made, key


async def ask(client):
    async with client:
        return await client.complete(ASK, role="ideator")


def test_a_proxy_is_used_as_the_environment_says(monkeypatch):
    with ScriptedServer([text("through the proxy")]) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        reply = run(ask(Client(endpoint("http://models.invalid/v1"))))
    assert reply.text == "through the proxy"
    assert proxy.received[0].target == "http://models.invalid/v1/chat/completions"


def test_an_endpoint_on_this_machine_is_never_asked_through_a_proxy(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with ScriptedServer([text("direct")]) as server:
        assert complete(server).text == "direct"


def test_a_proxy_that_cannot_be_used_is_one_clear_line(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "carrier-pigeon://nowhere")
    with pytest.raises(EndpointError, match="HTTPS_PROXY") as caught:
        run(ask(Client(endpoint("http://models.invalid/v1"))))
    assert caught.value.kind == "unreachable"


def test_a_certificate_is_trusted_by_ssl_cert_file_and_only_then(monkeypatch, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with ScriptedServer(default=text("over TLS"), tls=context) as server:
        with pytest.raises(EndpointError, match="SSL_CERT_FILE") as caught:
            complete(server)
        assert caught.value.kind == "unreachable"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        assert complete(server).text == "over TLS"


def test_what_openai_keeps_in_the_environment_goes_to_nobody_else(monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-private")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-private")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openais-own-key")
    with ScriptedServer([text("ok")]) as server:
        complete(server, key="")
    headers = server.received[0].headers
    assert "private" not in str(headers)
    assert headers["authorization"] == "Bearer none"


def test_a_missing_package_is_one_line_that_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openai", None)
    with pytest.raises(EndpointError, match=r"pip install 'mle_ideator_jupyter\[llm\]'") as caught:
        new_client(endpoint("http://127.0.0.1:9/v1"))
    assert caught.value.kind == "missing_package"
    assert caught.value.__context__ is None


def test_the_key_is_in_no_log_of_the_libraries(caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    with ScriptedServer([text("ok")], key="sk-another-key-123") as server:
        with pytest.raises(EndpointError):
            complete(server, CallLog(tmp_path / "calls.jsonl"))
        assert complete(server, key="sk-another-key-123").text == "ok"
    assert caplog.records
    assert KEY not in caplog.text
    assert "sk-another-key-123" not in caplog.text


def test_no_test_reaches_the_world_outside():
    with socket.socket() as connection, pytest.raises(OutsideRequestError):
        connection.connect(("192.0.2.1", 80))
    with pytest.raises(OutsideRequestError):
        socket.getaddrinfo("example.org", 80)
    for url in ("http://192.0.2.1/v1", "https://example.org/v1"):
        with pytest.raises((OutsideRequestError, EndpointError)):
            run(ask(Client(endpoint(url, retries=0))))


def test_the_list_of_models():
    async def listed(server, **settings):
        async with Client(endpoint(server.base_url, **settings)) as client:
            return await client.models()

    with ScriptedServer(models=["b", "a"], key=KEY) as server:
        assert run(listed(server)) == ["a", "b"]
        with pytest.raises(EndpointError, match="refused the key"):
            run(listed(server, key="sk-wrong-0123456"))
    with socket.create_server(("127.0.0.1", 0)) as silent:

        class Server:
            base_url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"

        with pytest.raises(EndpointError, match="in time"):
            run(listed(Server, connect_seconds=0.3))


def test_many_calls_side_by_side():
    async def ask_all(server):
        async with Client(endpoint(server.base_url)) as client:
            return await asyncio.gather(*(client.complete(ASK, role="ideator") for _ in range(20)))

    with ScriptedServer(default=text("ok")) as server:
        assert [r.text for r in run(ask_all(server))] == ["ok"] * 20
