"""The client: a session's pictures, messages, commands and status."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Self

from reactor_client.camera import Camera, CameraCodec
from reactor_client.conversation import Conversation, Request
from reactor_client.errors import NotReadyError, ReactorError, UnreachableError
from reactor_client.events import Event, Status
from reactor_client.feed import Subscription
from reactor_client.frame import Frame
from reactor_client.output import Output
from reactor_client.signalling import websocket_url
from reactor_protocol.application import REQUEST_CAPABILITIES
from reactor_protocol.capabilities import Capabilities
from reactor_protocol.frontend import SessionEndedData, SessionSetupData, WaitingInfoData


class ReactorClient:
    """A viewer of a Reactor model: one session at a time.

        async with ReactorClient("ws://localhost:8080/ws") as client:
            await client.send_command("set_prompt", prompt="a lake at dawn")
            async for frame in client.frames():
                show(frame.pixels)

    Args:
        url: the coordinator, for instance `ws://localhost:8080/ws`.
        model_name: the model asked for; a coordinator with one model serves that one.
        model_version: told, never matched.
        queueing: wait for another client to leave; else `RefusedError` with `NO_CAPACITY`.
        video_codecs: what this client can decode, most wanted first ("vp9", "h264", "vp8", "av1").
        resume_timeout_s: how long a session is asked for again after its connection was lost.

    Raises:
        ValueError: `url` isn't an address of a coordinator.
    """

    def __init__(
        self,
        url: str,
        *,
        model_name: str = "",
        model_version: str = "",
        queueing: bool = True,
        video_codecs: Sequence[str] = (),
        resume_timeout_s: float = 30.0,
    ) -> None:
        setup = SessionSetupData(
            model_name=model_name,
            model_version=model_version,
            queueing=queueing,
            video_codecs=list(video_codecs),
            prepared=True,
        )
        self._request = Request(websocket_url(url), setup, resume_timeout_s)
        self._output = Output()
        self._conversation: Conversation | None = None
        self._runner: asyncio.Task[None] | None = None

    @property
    def status(self) -> Status:
        """`disconnected`, `connecting`, `waiting` (in the queue, or for the model to load) or `ready`."""
        return self._output.status.status

    @property
    def waiting(self) -> WaitingInfoData | None:
        """While `waiting`: the place in the queue and the reason."""
        return self._output.status.waiting

    @property
    def session_id(self) -> str | None:
        """Of the session granted last."""
        grant = self._conversation.grant if self._conversation is not None else None
        return grant.session_id if grant is not None else None

    @property
    def session_end(self) -> SessionEndedData | None:
        """Why the last session ended, where somebody else ended it."""
        return self._output.session_end

    async def connect(self, timeout_s: float | None = None) -> None:
        """Ask for a session, wait for its turn, enter its room.

        Args:
            timeout_s: give up after that long; None: wait as long as the queue takes.

        Raises:
            UnreachableError: the coordinator or LiveKit can't be reached.
            RefusedError: the coordinator refuses.
            SessionEndedError: the session ended before it was ready.
            TimeoutError: it took longer than `timeout_s`.
            RuntimeError: the client is connected already.
        """
        if self._runner is not None and not self._runner.done():
            raise RuntimeError("the client is connected already: disconnect() first")
        self._output.renew()
        self._conversation = Conversation(self._request, self._output)
        self._runner = asyncio.create_task(self._run(self._conversation))
        try:
            async with asyncio.timeout(timeout_s):
                await self._output.settled.wait()
        except BaseException:
            await self.disconnect()
            raise
        if self._output.error is not None:
            raise self._output.error
        if self.status != "ready":
            raise NotReadyError("disconnect() was called before the session was ready")

    async def disconnect(self) -> None:
        """Leave: the model is free for the next client at once. A second call does nothing."""
        runner = self._runner
        if runner is not None and not runner.done():
            runner.cancel()
            await asyncio.wait({runner})

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.disconnect()

    def frames(self) -> Subscription[Frame]:
        """Follow the pictures: the latest one wins when the reader is slow.

        Ends with the session: silently after `disconnect()` or when the model has finished,
        else by raising the `ReactorError` that ended it. So does `messages()`.
        """
        return self._output.frames.subscribe()

    def messages(self) -> Subscription[Any]:
        """Follow what the model sends by `get_ctx().send`, complete from the first one on.

        A reader that is more than 1,000 messages or 64 MiB behind loses the oldest (`dropped` counts them).
        """
        return self._output.messages.subscribe()

    def events(self) -> Subscription[Event]:
        """Follow all else: status changes, command errors, statistics, the coordinator's errors; over all sessions."""
        return self._output.events.subscribe()

    async def send_command(self, name: str, /, **data: Any) -> None:
        """Have the model run a command; commands run in the order of the calls.

        A refusal comes as `CommandErrorData` by `events()`.

        Raises:
            NotReadyError: there is no session.
            MessageTooLargeError: beyond 16 MiB.
            TypeError: an argument isn't JSON.
        """
        await self.send_message({"type": name, "data": data})

    async def send_message(self, message: Mapping[str, Any]) -> None:
        """Send `{"type": …, "data": …}` as it is, in the application envelope. Raises as `send_command`."""
        await self.send_text(json.dumps({"type": "application", "data": dict(message)}, allow_nan=False))

    async def send_text(self, text: str) -> None:
        """Send a text on the application topic, without any envelope. Raises as `send_command`."""
        await self._current().room().send(text)

    async def request_capabilities(self, timeout_s: float = 10.0) -> Capabilities:
        """Ask which commands and tracks the model has.

        Raises:
            TimeoutError: no answer came in time.
            ReactorError: the session ended before.
        """
        async with asyncio.timeout(timeout_s):
            answer = self._output.expect_capabilities()
            try:
                await self.send_command(REQUEST_CAPABILITIES)
                return await answer
            finally:
                answer.cancel()

    async def publish_camera(self, width: int, height: int, *, fps: float = 30.0, codec: CameraCodec = "vp8") -> Camera:
        """Publish a camera; `push` pictures to it as they come.

        Raises:
            CameraError: the model takes no video, or LiveKit refuses.
            NotReadyError: there is no session.
        """
        camera = Camera(width, height, fps, codec)
        await self._current().add_camera(camera)
        return camera

    def _current(self) -> Conversation:
        if self._conversation is None or self._output.frames.ended:
            raise NotReadyError("there is no session: await connect() first")
        return self._conversation

    async def _run(self, conversation: Conversation) -> None:
        end: ReactorError | None = UnreachableError("the client failed; its task has the exception")
        try:
            await conversation.run()
        except ReactorError as error:
            end = error
        except asyncio.CancelledError:
            end = None
        finally:
            self._output.end(end)
