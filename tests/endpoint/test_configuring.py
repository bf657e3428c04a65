"""Settings and keys come from the environment and from Jupyter's config; the key is never seen."""

from __future__ import annotations

import copy
import json
import pickle

import msgspec
import pytest

from mle_ideator_jupyter.endpoint import Endpoint, Price, Secret, Settings, configured
from mle_ideator_jupyter.endpoint.configuring import CONFIG_NAME
from mle_ideator_jupyter.errors import EndpointError
from tests.endpoint.asking import KEY


def write_config(tmp_path, text, ending=".py"):
    folder = tmp_path / "config"
    folder.mkdir(exist_ok=True)
    (folder / f"{CONFIG_NAME}{ending}").write_text(text)


def test_nothing_set_up_says_how():
    with pytest.raises(EndpointError, match=r"OPENAI_API_KEY.*serve-local") as caught:
        configured({})
    assert caught.value.kind == "not_configured"


def test_the_environment_sets_everything():
    found = configured(
        {
            "MLE_IDEATOR_API_KEY": f" {KEY}\n",
            "MLE_IDEATOR_BASE_URL": "http://127.0.0.1:9/v1",
            "MLE_IDEATOR_MODEL": "m",
            "MLE_IDEATOR_IDEATOR_MODEL": "i",
            "MLE_IDEATOR_RETRIES": "7",
            "MLE_IDEATOR_BETWEEN_TOKENS_SECONDS": "1.5",
            "MLE_IDEATOR_TEMPERATURE": "0",
            "MLE_IDEATOR_CALL_LOG": "false",
            "MLE_IDEATOR_STRUCTURED": "none",
        }
    )
    settings = found.settings
    assert (settings.model_for("ideator"), settings.model_for("implementer")) == ("i", "m")
    assert (settings.retries, settings.between_tokens_seconds, settings.temperature) == (7, 1.5, 0.0)
    assert (settings.call_log, settings.structured) == (False, "none")
    assert found.secret.reveal() == KEY
    assert (found.url_from, found.key_from) == ("MLE_IDEATOR_BASE_URL", "MLE_IDEATOR_API_KEY")


def test_jupyters_config_sets_the_same_and_the_environment_wins(tmp_path):
    write_config(
        tmp_path,
        f"c.MleIdeator.base_url = 'http://127.0.0.1:1/v1'\nc.MleIdeator.api_key = {KEY!r}\nc.MleIdeator.retries = 2\n"
        "c.MleIdeator.prices = {'a*': {'input': 1, 'output': 2.5}}\nc.Other.thing = 1\n",
    )
    write_config(tmp_path, json.dumps({"MleIdeator": {"model": "from-json"}}), ".json")
    found = configured({"MLE_IDEATOR_RETRIES": "5"})
    assert (found.settings.base_url, found.settings.model, found.settings.retries) == (
        "http://127.0.0.1:1/v1",
        "from-json",
        5,
    )
    assert found.settings.price_of("abc") == Price(input=1, output=2.5)
    assert found.settings.price_of("b") is None
    assert (found.secret.reveal(), found.key_from) == (KEY, "Jupyter's config")
    assert configured({"MLE_IDEATOR_API_KEY": "sk-other-one"}).secret.reveal() == "sk-other-one"


@pytest.mark.parametrize(
    "text",
    [f"c.MleIdeator.api_key = '{KEY}' + 1", "raise SystemExit", "((("],
    ids=["an error with the key in it", "leaves", "no Python"],
)
def test_a_config_file_that_fails_is_one_line_without_its_text(tmp_path, text):
    write_config(tmp_path, text)
    with pytest.raises(EndpointError, match="correct or remove it") as caught:
        configured({})
    assert caught.value.__context__ is None
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"MLE_IDEATOR_BASE_URL": "127.0.0.1:8000"}, "must begin with http"),
        ({"MLE_IDEATOR_BASE_URL": f"http://me:{KEY}@host/v1"}, "no user, password"),
        ({"MLE_IDEATOR_BASE_URL": f"ftp://me:{KEY}@host/v1"}, "must begin with http"),
        ({"MLE_IDEATOR_BASE_URL": f"http://host/v1?key={KEY}"}, "no user, password"),
        ({"MLE_IDEATOR_RETRIES": "many"}, "retries"),
        ({"MLE_IDEATOR_RETRIES": "-1"}, "retries must be 0 or more"),
        ({"MLE_IDEATOR_WHOLE_SECONDS": "0"}, "whole_seconds must be over 0"),
        ({"MLE_IDEATOR_WHOLE_SECONDS": "nan"}, "whole_seconds"),
        ({"MLE_IDEATOR_STRUCTURED": "xml"}, "structured"),
        ({"MLE_IDEATOR_API_KEY": "sk-with inside"}, "no key has"),
        ({"MLE_IDEATOR_API_KEY": "sk-Ünïcode"}, "no key has"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_one_line(environ, says):
    with pytest.raises(EndpointError, match=says) as caught:
        configured({"OPENAI_API_KEY": "sk-x-123456", **environ})
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_setting_in_the_config_is_refused(tmp_path):
    write_config(tmp_path, "c.MleIdeator.modle = 'x'")
    with pytest.raises(EndpointError, match="modle"):
        configured({})


@pytest.mark.parametrize(
    ("environ", "sent"),
    [
        ({}, True),
        ({"OPENAI_BASE_URL": "http://gateway.example/v1"}, True),
        ({"MLE_IDEATOR_BASE_URL": "https://api.openai.com/v1/"}, True),
        ({"MLE_IDEATOR_BASE_URL": "http://elsewhere.example/v1"}, False),
        (
            {"MLE_IDEATOR_BASE_URL": "http://elsewhere.example/v1", "OPENAI_BASE_URL": "http://gateway.example/v1"},
            False,
        ),
        ({"MLE_IDEATOR_BASE_URL": "http://api.openai.com.evil.example/v1"}, False),
    ],
)
def test_openais_key_goes_only_where_it_is_meant_to_go(environ, sent):
    assert bool(configured({"OPENAI_API_KEY": KEY, **environ}).secret) is sent


def test_a_key_is_never_seen():
    secret = Secret(KEY)
    found = Endpoint(settings=Settings(), secret=secret, url_from="", key_from="")
    for thing in (secret, found):
        assert KEY not in repr(thing) + str(thing) + f"{thing}"
        with pytest.raises(TypeError):
            pickle.dumps(thing)
        with pytest.raises(TypeError):
            msgspec.json.encode(thing)
    assert KEY not in repr(msgspec.structs.asdict(found))
    assert KEY not in repr([getattr(secret, name) for name in dir(secret)])
    assert copy.deepcopy([secret])[0] is secret
    assert repr(Secret("")) == "Secret(none)"


def test_scrubbing_takes_out_this_key_whatever_its_form_and_any_that_looks_like_one():
    secret = Secret("plainword7")
    assert secret.scrub("see plainword7 and sk-abcdefghijkl") == "see [redacted] and [redacted]"
    assert Secret("none").scrub("none of it") == "none of it"
