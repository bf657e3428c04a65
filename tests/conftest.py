from __future__ import annotations

import ipaddress
import socket

import pytest


class OutsideRequestError(RuntimeError):
    """A test tried to reach an address that is not this machine's own."""


@pytest.fixture(scope="session", autouse=True)
def _no_request_leaves_this_machine():
    """Make every connection to an address outside of 127.0.0.1 and ::1 an error, name look-ups included."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(host):
        name = host.decode() if isinstance(host, bytes) else host
        if name in {None, "", "localhost", socket.gethostname()}:
            return
        try:
            inside = ipaddress.ip_address(name.partition("%")[0]).is_loopback or name == "0.0.0.0"
        except ValueError:
            inside = False
        if not inside:
            msg = f"a test tried to reach {name}: only addresses of this machine are allowed"
            raise OutsideRequestError(msg)

    def checked(method):
        def call(self, address):
            if self.type == socket.SOCK_STREAM and self.family in {socket.AF_INET, socket.AF_INET6}:
                check(address[0])
            return method(self, address)

        return call

    def checked_look_up(host, *args, **kwargs):
        check(host)
        return look_up(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", checked(connect))
        patch.setattr(socket.socket, "connect_ex", checked(connect_ex))
        patch.setattr(socket, "getaddrinfo", checked_look_up)
        yield


@pytest.fixture(scope="session", autouse=True)
def _data_folder(tmp_path_factory):
    """Keep the journals of notebooks that nobody can find out of the user's own data folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        yield


def pytest_collection_modifyitems(items):
    """Run the browser tests last: from the first of them on, Playwright's event loop runs on the main thread.

    Workers take whole files in this order (`--no-loadscope-reorder`), so it holds in each of them; likewise the
    tests in `unit` that start IPython for good come after those in `kernel` that make shells of their own.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)
