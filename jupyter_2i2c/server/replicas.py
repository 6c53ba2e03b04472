"""`jupyter-2i2c/exports…`: take my environment, take my data. Called by the panel, and by the browser for downloads."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from tornado import iostream, web
from tornado.ioloop import PeriodicCallback

from .base import HubPanelHandler

if TYPE_CHECKING:
    from .replicas_jobs import Exports

KEEP_ALIVE = 60_000
"""Milliseconds between two signs of life for the hub, while something is being taken."""

CHUNK = 256 << 10


class KeepAlive:
    """Tells the hub that the server is at work, only while it is.

    Args:
        exports: what may be going on.
        settings: those of the web application itself; an extension's are only copied to it.
    """

    def __init__(self, exports: Exports, settings: dict[str, Any]) -> None:
        self._exports = exports
        self._settings = settings
        self._callback = PeriodicCallback(self.look, KEEP_ALIVE)

    def look(self) -> None:
        """Give a sign of life if something goes on; else look no more."""
        if self._exports.busy():
            # the server counts all settings whose names end so
            self._settings["jupyter_2i2c_last_activity"] = datetime.now(timezone.utc)
            if not self._callback.is_running():
                self._callback.start()
        else:
            self._callback.stop()

    def stop(self) -> None:
        """Look no more."""
        self._callback.stop()


class ExportHandler(HubPanelHandler):
    """What all routes of exports share: they are the owner's alone."""

    def owners(self) -> Exports:
        """The exports of this server's owner.

        Raises:
            web.HTTPError: 403 for anybody else.
        """
        hub = self.extension.hub
        if hub.on_hub and self.visitor.get("name") != hub.user:
            raise web.HTTPError(403, "only its owner can take the files of this server")
        return self.extension.exports

    def asked_for(self) -> str:
        """The job that is meant."""
        return str(self.get_query_argument("id"))


class ExportsHandler(ExportHandler):
    """The list of exports; each may be begun, begun again, cancelled and removed."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with ``{"exports": [{…}]}``, the newest first. Example: ``tests/data/exports.json``."""
        exports = self.owners()
        self.extension.keep_alive.look()
        self.finish({"exports": exports.all()})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Begin ``{"kind": "environment" | "home", "options": {…}}``, or ``{"again": id}``; 201 with the job.

        Raises:
            web.HTTPError: 400 for wrong options; 507 where nothing can be written.
        """
        from .replicas_jobs import WrongRequest

        exports = self.owners()
        body = self.get_json_body()
        if not isinstance(body, dict):
            raise web.HTTPError(400, "an object is expected")
        try:
            if "again" in body:
                job = exports.again(str(body["again"]))
            else:
                options = body.get("options")
                given = options if isinstance(options, dict) else {}
                job = exports.start(str(body.get("kind")), given)
        except WrongRequest as error:
            raise web.HTTPError(400, str(error)) from None
        except OSError as error:
            raise web.HTTPError(
                507, f"nothing can be written to your home ({error.strerror}); make room first"
            ) from None
        self.extension.keep_alive.look()
        self.set_status(201)
        self.finish(job)

    @web.authenticated
    @authorized
    async def delete(self) -> None:
        """Cancel what goes on; remove what is there. ``?id=`` says which."""
        from .replicas_jobs import WrongRequest

        try:
            self.owners().end(self.asked_for())
        except WrongRequest as error:
            raise web.HTTPError(404, str(error)) from None
        self.finish({})


class EstimateHandler(ExportHandler):
    """How much there is to take."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer for ``?kind=environment`` or ``home``, as `capture home --estimate --json` does."""
        from .replicas_jobs import WrongRequest

        try:
            kind = self.get_query_argument("kind", "home")
            self.finish(await self.owners().estimate(kind))
        except WrongRequest as error:
            raise web.HTTPError(503, str(error)) from None


class DownloadHandler(ExportHandler):
    """The file of an environment, or a volume of a home."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Send ``?id=``, of a home with ``&volume=``. What is cut off has no end that looks like one."""
        from .replicas_jobs import WrongRequest

        exports, identity = self.owners(), self.asked_for()
        volume = self.get_query_argument("volume", "")
        try:
            if volume:
                number = int(volume) if volume.isdecimal() and len(volume) < 10 else 0
                name, chunks = await exports.volume(identity, number)
            else:
                path, name = exports.file(identity)
                self.set_header("Content-Length", path.stat().st_size)
        except WrongRequest as error:
            raise web.HTTPError(404, str(error)) from None
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name)}")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        self.extension.keep_alive.look()
        try:
            if volume:
                async for chunk in chunks:
                    self.write(chunk)
                    await self.flush()
            else:
                with path.open("rb") as file:
                    while chunk := file.read(CHUNK):
                        self.write(chunk)
                        await self.flush()
        except iostream.StreamClosedError:
            return  # the person cancelled it
        except (WrongRequest, OSError) as error:
            self.log.error("jupyter_2i2c: a download was cut off: %s", error)
            # not a proper end: the browser must see that it is not whole
            self.request.connection.stream.close()  # type: ignore[union-attr]
            return
        finally:
            if volume:
                await chunks.aclose()  # type: ignore[attr-defined]
        await self.finish()


class ReportHandler(ExportHandler):
    """The report on an environment."""

    @property
    def content_security_policy(self) -> str:
        return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Send the page; it may load and run nothing."""
        from .replicas_jobs import WrongRequest

        try:
            page = self.owners().report(self.asked_for())
        except WrongRequest as error:
            raise web.HTTPError(404, str(error)) from None
        self.set_header("Content-Type", "text/html; charset=utf-8")
        await self.finish(page.read_bytes(), set_content_type="text/html; charset=utf-8")
