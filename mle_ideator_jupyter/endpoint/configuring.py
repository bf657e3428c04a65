"""Where settings and keys come from: the environment, then Jupyter's own config; never a notebook.

`MLE_IDEATOR_<SETTING>` sets any plain setting (`MLE_IDEATOR_BASE_URL`, `MLE_IDEATOR_MODEL`,
`MLE_IDEATOR_RETRIES` …) and `MLE_IDEATOR_API_KEY` the key. `OPENAI_BASE_URL` and `OPENAI_API_KEY`
are taken where ours are not set. Jupyter's config is `jupyter_mle_ideator_config.py` or `.json` in
any folder of `jupyter --paths`, with the section `MleIdeator`:

    c.MleIdeator.base_url = "http://127.0.0.1:8000/v1"
    c.MleIdeator.model = "qwen3"
    c.MleIdeator.prices = {"gpt-5*": {"input": 1.25, "cached_input": 0.125, "output": 10}}
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Mapping
from typing import Any

import msgspec

from mle_ideator_jupyter.endpoint.secret import Secret
from mle_ideator_jupyter.endpoint.settings import OPENAI, Settings
from mle_ideator_jupyter.errors import EndpointError

PREFIX = "MLE_IDEATOR_"
CONFIG_NAME = "jupyter_mle_ideator_config"
SECTION = "MleIdeator"
SECRETS = ("MLE_IDEATOR_API_KEY", "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID")
"""Environment variables that are nobody's business but the endpoint's."""
HOW = (
    "set OPENAI_API_KEY and MLE_IDEATOR_MODEL, or MLE_IDEATOR_BASE_URL for another endpoint; "
    "`jupyter ideate serve-local` starts a small one here"
)


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint that can be asked: its settings, its key, and in words where the two came from."""

    settings: Settings
    secret: Secret
    url_from: str
    key_from: str

    def scrub(self, text: str) -> str:
        """Return the text without this endpoint's key and without anything that looks like a key."""
        return self.secret.scrub(text)


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for a process that runs what a model wrote: without keys, under whatever name they are."""
    held = {value for name in SECRETS if (value := environ.get(name))}
    return {name: value for name, value in environ.items() if name not in SECRETS and value not in held}


def configured(environ: Mapping[str, str] | None = None, *, use_jupyter_config: bool = True) -> Endpoint:
    """Return the endpoint that is set up. Raises `EndpointError` (`not_configured`) when there is none."""
    environ = os.environ if environ is None else environ
    found = _jupyter_config() if use_jupyter_config else {}
    config_key = found.pop("api_key", "")
    url_from = "the default"
    if "base_url" in found:
        url_from = "Jupyter's config"
    elif url := environ.get("OPENAI_BASE_URL"):
        found["base_url"], url_from = url, "OPENAI_BASE_URL"
    if environ.get(PREFIX + "BASE_URL"):
        url_from = PREFIX + "BASE_URL"
    settings = _settings(found | _own(environ))
    secret, key_from = _key(environ, config_key, settings, url_from)
    if not secret and url_from == "the default":
        msg = f"no language model is set up: {HOW}"
        raise EndpointError(msg, "not_configured")
    return Endpoint(settings=settings, secret=secret, url_from=url_from, key_from=key_from)


def plain_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings alone, whether or not an endpoint is set up. Raises `EndpointError` where one is no use."""
    found = _jupyter_config()
    found.pop("api_key", "")
    return _settings(found | _own(os.environ if environ is None else environ))


def _own(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what our own variables of the environment set."""
    fields = (f for f in Settings.__struct_fields__ if f != "prices")
    return {f: value for f in fields if (value := environ.get(PREFIX + f.upper()))}


def _key(environ: Mapping[str, str], config_key: Any, settings: Settings, url_from: str) -> tuple[Secret, str]:
    """Return the key and where it came from.

    OpenAI's key goes to OpenAI, or to where `OPENAI_BASE_URL` points: not to any address set for us alone.
    """
    if own := environ.get(PREFIX + "API_KEY"):
        return Secret(own), PREFIX + "API_KEY"
    if config_key:
        if not isinstance(config_key, str):
            msg = f"c.{SECTION}.api_key must be a string"
            raise EndpointError(msg, "not_configured")
        return Secret(config_key), "Jupyter's config"
    meant = url_from == "OPENAI_BASE_URL" or settings.base_url.rstrip("/") == environ.get("OPENAI_BASE_URL", OPENAI)
    if (key := environ.get("OPENAI_API_KEY")) and (meant or settings.is_openai):
        return Secret(key), "OPENAI_API_KEY"
    return Secret(""), "nowhere"


def _settings(found: Mapping[str, Any]) -> Settings:
    try:
        return msgspec.convert(dict(found), Settings, strict=False)
    except EndpointError:
        raise
    except msgspec.ValidationError as error:
        # What msgspec says names the field and the type, never the value.
        msg = f"a setting of the endpoint cannot be used: {error}"
    raise EndpointError(msg, "not_configured")


def _jupyter_config() -> dict[str, Any]:
    """Return the section of Jupyter's config as plain data. Raises `EndpointError` when a file cannot be read."""
    from jupyter_core.paths import jupyter_config_path
    from traitlets.config.loader import Config, ConfigFileNotFound, JSONFileConfigLoader, PyFileConfigLoader

    config, wrong = Config(), ""
    for folder, (loader, ending) in itertools.product(
        reversed(jupyter_config_path()), ((PyFileConfigLoader, ".py"), (JSONFileConfigLoader, ".json"))
    ):
        with contextlib.suppress(ConfigFileNotFound):
            try:
                config.merge(loader(CONFIG_NAME + ending, path=folder).load_config())
            except (Exception, SystemExit) as error:  # a file of Python may raise anything
                if isinstance(error, ConfigFileNotFound):
                    raise
                wrong = f"{folder}/{CONFIG_NAME}{ending} cannot be read ({type(error).__name__}): correct or remove it"
    if wrong:  # raised outside of the handler: what the error itself says may hold the key
        raise EndpointError(wrong, "not_configured")
    return dict(config.get(SECTION, {}))
