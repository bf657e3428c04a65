"""Says in one line what went wrong with a request and what to do about it; never with a key or a header.

The exceptions of the HTTP client hold the request with its Authorization header. So an
`EndpointError` is made from what they say and raised where none of them is being handled:
nothing of them hangs on its `__cause__`, its `__context__` or its traceback.
"""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from mle_ideator_jupyter.endpoint.configuring import Endpoint
from mle_ideator_jupyter.errors import EndpointError, EndpointFault

SAID_LENGTH = 200
RETRIED: frozenset[EndpointFault] = frozenset({"rate_limited", "timeout", "unreachable", "cut", "server"})
_TOO_LONG = re.compile(
    r"(?i)context.?(?:length|window|size)|maximum context|too many tokens|max_tokens.{0,40}too large"
    r"|(?:input|prompt|request) (?:is )?too (?:long|large)"
)
_NO_CREDIT = re.compile(r"(?i)insufficient_quota|insufficient (?:balance|credit)|exceeded your current quota|billing")
_REFUSED = re.compile(r"(?i)content_filter|content_policy|content management policy|safety system")
_NO_MODEL = re.compile(
    r"(?i)model_not_found|model.{0,80}(?:not exist|not found|unknown)|(?:unknown|no such|invalid) model"
)


_CLIENTS = {"openai", "httpx", "httpx2", "httpcore", "httpcore2"}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One failed attempt: the error for the user, and whether to try again.

    `said` and `parameter` are what the endpoint said and named, where that may be about what it does not take.
    """

    error: EndpointError
    again: bool
    said: str = ""
    parameter: str = ""


class BrokenOffError(Exception):
    """The endpoint sent an error in the middle of an answer."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault.error))
        self.fault = fault


def of_exception(error: Exception, endpoint: Endpoint, model: str) -> Fault | None:
    """Return the fault that an exception of an attempt means, or None when it is a fault of ours."""
    import openai

    if isinstance(error, BrokenOffError):
        return error.fault
    if isinstance(error, EndpointError):
        return Fault(error=error, again=error.kind in RETRIED)
    if isinstance(error, openai.APIStatusError):
        headers = {str(k).lower(): str(v) for k, v in error.response.headers.items()}
        return of_answer(error.status_code, error.body, headers, endpoint, model)
    if isinstance(error, openai.OpenAIError) or _passed_through_client(error):
        return _of_connection(error, endpoint)
    return None


def _of_connection(error: Exception, endpoint: Endpoint) -> Fault:
    """Return the fault that an exception means which came before or instead of an HTTP status."""
    names = {c.__name__ for e in _chain(error) for c in type(e).__mro__}
    where = f"{endpoint.settings.host} ({endpoint.url_from})"
    untrusted = "SSLError" in names or "CERTIFICATE_VERIFY_FAILED" in "".join(map(str, _chain(error)))
    known: tuple[tuple[set[str], str, EndpointFault], ...] = (
        ({"ProxyError"}, f"the proxy did not let the request through to {where}: check HTTPS_PROXY", "unreachable"),
        (
            {"ConnectError", "ConnectTimeout", "PoolTimeout"},
            f"nobody answers at {where}: is it running, and is its address right?",
            "unreachable",
        ),
        ({"TimeoutException"}, f"{where} did not answer in time: try again, or raise first_token_seconds", "timeout"),
        ({"TransportError", "APIConnectionError"}, f"the connection to {where} was cut: try again", "cut"),
    )
    if untrusted:
        line = f"the certificate of {where} is not trusted: set SSL_CERT_FILE to the CA bundle that signed it"
        return Fault(error=EndpointError(line, "unreachable"), again=False)
    for signs, line, kind in known:
        if signs & names:
            return Fault(error=EndpointError(line, kind), again=True)
    line = f"the request to {where} failed with {type(error).__name__}: check the endpoint's settings"
    return Fault(error=EndpointError(line), again=False)


def of_answer(status: int | None, body: Any, headers: Mapping[str, str], endpoint: Endpoint, model: str) -> Fault:
    """Return the fault that an error of the endpoint means: an HTTP status, or an error in the middle of a stream."""
    said, parameter, code = _body(body)
    if status is None:
        status = int(code) if code.isdigit() and len(code) == 3 else 500
    kind = _kind(status, f"{code} {said}", parameter)
    delay = retry_after(headers) if kind == "rate_limited" or status >= 500 else None
    line = _line(kind, _one_line(endpoint, said), endpoint, model, delay)
    told = headers.get("x-should-retry")
    again = told == "true" or (kind in RETRIED and told != "false")
    error = EndpointError(line, kind, status=status, retry_after=delay)
    named = "" if kind in {"too_long", "refused", "wrong_key"} else endpoint.scrub(f"{code} {said}")
    return Fault(error=error, again=again, said=named, parameter=endpoint.scrub(parameter) if named else "")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the endpoint asks to wait, which it may say as an HTTP date; None: it does not ask."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        at = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError, IndexError):
        return None
    return max(0.0, at.timestamp() - time.time())


def bare(error: EndpointError) -> EndpointError:
    """Return the error with nothing hanging on it from where it was found."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _passed_through_client(error: Exception) -> bool:
    """Return whether an error comes out of the HTTP client, so that frames that hold headers hang on it."""
    frame = error.__traceback__
    while frame is not None:
        if str(frame.tb_frame.f_globals.get("__name__")).partition(".")[0] in _CLIENTS:
            return True
        frame = frame.tb_next
    return False


def _kind(status: int, said: str, parameter: str) -> EndpointFault:
    if status == 402 or (status in {429, 403, 400} and _NO_CREDIT.search(said)):
        return "out_of_credit"
    if _TOO_LONG.search(said) and status < 500 and status != 429:
        return "too_long"
    if status == 400 and _REFUSED.search(said):
        return "refused"
    if status in {404, 400} and (_NO_MODEL.search(said) or parameter == "model"):
        return "unknown_model"
    if status < 400:
        return "not_configured"
    named: dict[int, EndpointFault] = {
        401: "wrong_key",
        403: "forbidden",
        404: "not_configured",
        408: "timeout",
        409: "server",
        413: "too_long",
        429: "rate_limited",
        504: "timeout",
    }
    return named.get(status, "server" if status >= 500 else "bad_request")


def _line(kind: EndpointFault, said: str, endpoint: Endpoint, model: str, delay: float | None) -> str:
    settings, tail = endpoint.settings, f": {said}" if said else ""
    key = (
        f"the endpoint refused the key from {endpoint.key_from}: set a valid one"
        if endpoint.secret
        else "the endpoint wants a key: set MLE_IDEATOR_API_KEY"
    )
    when = f"try again in {delay:.0f} s" if delay else "try again later"
    lines: dict[EndpointFault, str] = {
        "wrong_key": key,
        "forbidden": f"this key may not use {model!r}: choose another model, or ask whoever runs the endpoint{tail}",
        "unknown_model": f"the endpoint has no model {model!r}: set MLE_IDEATOR_MODEL to one that"
        " `jupyter ideate doctor` lists",
        "not_configured": f"nothing answers under {settings.base_url}: check the base URL from"
        f" {endpoint.url_from} (most end in /v1, those elsewhere begin with https)",
        "too_long": f"the question is too long for {model!r}: shorten the hint or the history, or lower"
        f" max_output_tokens{tail}",
        "refused": f"the endpoint refused to answer this question{tail}",
        "rate_limited": f"the endpoint's rate limit is met: {when}{tail}",
        "out_of_credit": "the account of this key is out of credit: top it up, or use another key or endpoint",
        "timeout": f"the endpoint gave up in time: try again{tail}",
        "server": f"the endpoint failed by itself: {when}{tail}",
    }
    return lines.get(kind, f"the endpoint refused the request{tail}")


def _body(body: Any) -> tuple[str, str, str]:
    """Return what an error's body says, the parameter it names, and its code, whatever shape it has."""
    if isinstance(body, Mapping) and isinstance(body.get("error"), (Mapping, str)):
        body = body["error"]
    if isinstance(body, Mapping):
        said = body.get("message")
        if not isinstance(said, str):
            said = msgspec.json.encode(dict(body)).decode()
        return said, str(body.get("param") or ""), str(body.get("code") or body.get("type") or "")
    return (body if isinstance(body, str) and not body.lstrip().startswith("<") else ""), "", ""


def _one_line(endpoint: Endpoint, said: str) -> str:
    text = " ".join(endpoint.scrub(said).split())
    text = "".join(c for c in text if c.isprintable())
    return text if len(text) <= SAID_LENGTH else text[: SAID_LENGTH - 1] + "…"


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in found:
        found.append(link)
        link = link.__cause__ or link.__context__
    return found
