"""Puts the page on an address: builds the app, stands the guard before it, and runs it until it is stopped.

Takes an assistant and options, gives an address; knows nothing of what the page shows.
"""

from __future__ import annotations

import ctypes
import errno
import ipaddress
import logging
import os
import platform
import shutil
import signal
import socket
import ssl
import tempfile
import threading
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import SettingsError
from rag.assistant import Assistant
from ui.conversations import LibraryConversations
from ui.guard import LOOPBACK_NAMES, Guard, Rules
from ui.sessions import Sessions
from ui.strings import say
from ui.users import Users

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI
    from gradio.routes import App as GradioServer

_log = logging.getLogger(__name__)

FIRST_PORT = 7860
_PORTS_TRIED = 100
_UPLOADS_AT_ONCE = 10  # files of the largest size that one request may bring; more come in several requests
_CACHE_AGE_S = 24 * 3600  # an upload that nobody read goes after a day
_CACHE_SWEEP_S = 3600
_WAITING = 500  # questions; more are refused rather than kept waiting
_GOODBYE_S = 2  # for open streams when the server stops

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # of malloc.h


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Where the page is, and who may come."""

    host: str = "127.0.0.1"
    port: int | None = None  # None: the first free one from 7860 on; 0: any free one
    auth: Path | None = None  # users file; None: nobody logs in
    certificate: Path | None = None  # PEM; with `key`, the page is at https
    key: Path | None = None
    mcp: bool = False  # serve the model context protocol at /mcp
    max_megabytes: int = 100  # of an uploaded file


class Server:
    """The page, built but not yet answering. Use ``run`` in a program, or ``start`` and ``close`` around others.

    One process builds at most one at a time: Gradio takes its folder for uploads from the environment.
    """

    def __init__(self, assistant: Assistant, options: ServerOptions | None = None) -> None:
        """Check the options, take the port and build the page.

        Raises
        ------
        SettingsError
            the host needs users, the port is taken, a file is missing, or the extra ``mcp`` is.
        """
        self.options = options or ServerOptions()
        users = check_host(self.options)
        sessions = Sessions(users) if users else None
        _check_certificate(self.options)
        self._socket = _listen(self.options)
        self.url = _address(self._socket, self.options)  # the one to open, with "/" at its end
        self.conversations = LibraryConversations.open(assistant.library)
        self._folder = Path(
            tempfile.mkdtemp(prefix="chuchu-page-")
        ).resolve()  # of this user alone, mode 0700
        self._thread: threading.Thread | None = None
        try:
            app = _build(assistant, self.conversations, self.options, self._folder, sessions)
            self._server = _uvicorn(app, self.options)
        except BaseException:
            self._clean()
            raise

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever started the page should know, in sentences."""
        found = []
        if self.conversations.note:
            found.append(f"{self.conversations.note} Conversations are kept until the program ends.")
        if not is_loopback(self.options.host) and self.options.certificate is None:
            found.append(
                "Passwords and documents travel unencrypted: use --certificate and --key, or a proxy with https."
            )
        return tuple(found)

    def run(self) -> None:
        """Answer until the program is told to stop (Ctrl-C, or SIGTERM)."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, or nothing is cleaned up
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._clean()

    def start(self, timeout_s: float = 30.0) -> str:
        """Answer from a thread of its own; returns the address once it does."""
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="page", daemon=True
        )
        self._thread.start()
        waiting = threading.Event()
        for _ in range(int(timeout_s * 100)):
            if self._server.started or not self._thread.is_alive():
                break
            waiting.wait(0.01)
        if not self._server.started:
            self.close()
            raise RuntimeError("the server did not start; the log says why")
        return self.url

    def close(self) -> None:
        """Stop answering and forget what was uploaded and not read."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._clean()

    def _clean(self) -> None:
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        if os.environ.get("GRADIO_TEMP_DIR") == str(self._folder):
            del os.environ["GRADIO_TEMP_DIR"]

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_loopback(host: str) -> bool:
    """Say whether a host is reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"  # any other name may be this machine's in the network


def check_host(options: ServerOptions) -> Users | None:
    """Return the users who may come; None: whoever sits at this machine.

    Raises
    ------
    SettingsError
        others could reach the page without logging in, or the users file is missing, empty or damaged.
    """
    if options.auth is None:
        if is_loopback(options.host):
            return None
        raise SettingsError(
            f"--host {options.host} lets everybody who reaches this machine read the documents; make a user with "
            f"`chuchu users add NAME --file users.txt`, then run "
            f"`chuchu chat --host {options.host} --auth users.txt`."
        )
    users = Users(options.auth)
    if not users.names():
        raise SettingsError(
            f"The users file {options.auth} is empty: add one with "
            f"`chuchu users add NAME --file {options.auth}`."
        )
    return users


def _listen(options: ServerOptions) -> socket.socket:
    """Take the port before anything slow is done.

    Raises
    ------
    SettingsError
        it is taken, or the host is not an address of this machine.
    """
    if options.port is not None and not 0 <= options.port <= 65_535:
        raise SettingsError(f"--port {options.port} is no port: 1 to 65535 are, and 0 is any that is free.")
    ports = [options.port] if options.port is not None else range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED)
    host = options.host.strip("[]")
    for port in ports:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listener = socket.socket(family, kind, protocol)
            try:
                if os.name != "nt":  # there it would let two programs share a port
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(address)
                listener.listen()  # of two that bind at the same time only one may
            except BaseException:
                listener.close()
                raise
            return listener
        except (OSError, UnicodeError) as error:  # the latter: a label of a name is empty or too long
            reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
            if isinstance(error, OSError) and error.errno in (errno.EADDRINUSE, errno.EACCES):
                continue
            raise SettingsError(
                f"The page cannot be at --host {options.host} --port {port} ({reason}): "
                "use 127.0.0.1, or an address of this machine."
            ) from error
    raise SettingsError(
        f"Port {options.port} is taken or not allowed: choose another --port."
        if options.port is not None
        else f"Ports {FIRST_PORT} to {FIRST_PORT + _PORTS_TRIED - 1} are taken: choose another --port."
    )


def _address(listener: socket.socket, options: ServerOptions) -> str:
    port = listener.getsockname()[1]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host.strip("[]"), options.host.strip("[]"))
    name = f"[{host}]" if ":" in host else host
    return f"http{'s' if options.certificate else ''}://{name}:{port}/"


def _build(
    assistant: Assistant,
    conversations: LibraryConversations,
    options: ServerOptions,
    folder: Path,
    sessions: Sessions | None,
) -> Guard:
    """Return the whole application: guard, end points, page."""
    # Gradio reads these when it is imported, or when an app is built.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    import gradio as gr
    from fastapi import FastAPI

    from ui import app as page
    from ui.endpoints import add_end_points, make_mcp

    max_bytes = options.max_megabytes * 1_000_000
    blocks = page.make_app(assistant, conversations, max_bytes=max_bytes)
    add_end_points(blocks, assistant)
    blocks.queue(max_size=_WAITING, default_concurrency_limit=None)
    blocks.delete_cache = (_CACHE_SWEEP_S, _CACHE_AGE_S)
    inside: list[Callable[[], Any]] = []  # what lives as long as the application
    site = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan(inside))
    if options.mcp:
        server = make_mcp(assistant)
        site.router.routes.extend(server.streamable_http_app().routes)
        inside.append(server.session_manager.run)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "SSR mode")  # it says that of pages that did not ask for it, too
        gr.mount_gradio_app(
            site,
            blocks,
            path="/",
            server_name=options.host,
            auth=sessions.login if sessions else None,
            auth_message=f"{say('zh', 'log_in_limit')}<br>{say('en', 'log_in_limit')}",
            allowed_paths=[],
            blocked_paths=[str(assistant.library.folder)],
            max_file_size=max_bytes,
            show_error=False,  # our own sentences are shown all the same
            enable_monitoring=False,
            run_history=False,
            pwa=False,
            mcp_server=False,  # Gradio's own would be open to all, whoever has to log in
            **page.look(),
        )
    if sessions:
        sessions.tokens = _gradio(site).tokens
    rules = Rules(
        hosts=None
        if sessions or not is_loopback(options.host)
        else LOOPBACK_NAMES | {options.host.strip("[]")},
        files=folder,
        upload_bytes=max_bytes * _UPLOADS_AT_ONCE,
        login=sessions.login if sessions else None,
        refresh=sessions.refresh if sessions else None,
    )
    return Guard(site, rules)


def _gradio(site: FastAPI) -> GradioServer:
    """Return Gradio's own application, which ``mount_gradio_app`` has put inside a site."""
    from gradio.routes import App

    apps = (getattr(route, "app", None) for route in site.routes)
    return next(app for app in apps if isinstance(app, App))


def _lifespan(inside: list[Callable[[], Any]]) -> Callable[[Any], Any]:
    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for enter in inside:
                await stack.enter_async_context(enter())
            yield

    return lifespan


def _check_certificate(options: ServerOptions) -> None:
    """Check that certificate and key are there and belong together.

    Raises
    ------
    SettingsError
        they are not, or do not.
    """
    if options.certificate is None and options.key is None:
        return
    if options.certificate is None or options.key is None:
        raise SettingsError("--certificate and --key go together: give both, or neither.")
    for name, path in (("certificate", options.certificate), ("key", options.key)):
        if not path.is_file():
            raise SettingsError(f"There is no file {path}: --{name} names a file in PEM format.")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(options.certificate, options.key)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(
            f"{options.certificate} and {options.key} are no certificate with its key in PEM format: {error}."
        ) from error


def _uvicorn(app: Guard, options: ServerOptions) -> uvicorn.Server:
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_GOODBYE_S,
        ssl_certfile=options.certificate,
        ssl_keyfile=options.key,
        ws="none",
    )
    return uvicorn.Server(config)


def serve(
    assistant: Assistant,
    options: ServerOptions | None = None,
    *,
    ready: Callable[[str], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> None:
    """Serve the page until the program is told to stop.

    Parameters
    ----------
    assistant:
        shared by all who come.
    options:
        where the page is, and who may come.
    ready:
        called with its address once it answers.
    tell:
        called with each sentence that whoever started it should know.

    Raises
    ------
    SettingsError
        as for ``Server``.
    """
    _give_memory_back()
    server = Server(assistant, options)
    for note in server.notes:
        (tell or _log.warning)(note)
    try:
        if ready is not None:
            _when_started(server, ready)
        server.run()
    except KeyboardInterrupt:  # uvicorn raises it again after an orderly end
        pass


def _give_memory_back() -> None:
    """Let glibc give large blocks back when they are freed, rather than keep them for each thread.

    Left alone it raises the size above which it does so with the largest block freed, up to 32 MB, and keeps
    what lies below for the thread: with models that make many blocks of a few MB, several threads hold several
    times what they need (measured on the sample questions in two threads: 970 MB, and 660 MB with this).
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, 1 << 20)
        libc.mallopt(_M_ARENA_MAX, 4)


def _when_started(server: Server, ready: Callable[[str], None]) -> None:
    def wait() -> None:
        pause = threading.Event()
        while not server._server.started and not server._server.should_exit:
            pause.wait(0.05)
        if server._server.started:
            ready(server.url)

    threading.Thread(target=wait, name="ready", daemon=True).start()
