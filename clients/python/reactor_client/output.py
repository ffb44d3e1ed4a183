"""Where everything that a session tells ends up: feeds that the application reads."""

import asyncio
import logging
from typing import Any

from pydantic import ValidationError

from reactor_client.errors import ReactorError, SessionEndedError
from reactor_client.events import Event, Status, StatusChanged
from reactor_client.feed import Feed
from reactor_client.frame import Frame
from reactor_protocol.application import RuntimeMessage, parse_message_to_client
from reactor_protocol.base import MessageError
from reactor_protocol.capabilities import Capabilities
from reactor_protocol.frontend import SessionEndedData, WaitingInfoData

_log = logging.getLogger("reactor_client")

# A reader that is behind loses the oldest: more than half a minute of a chatty model.
_MESSAGES = 1000
_MESSAGES_BYTES = 64 * 1024 * 1024
_EVENTS = 1000


class Output:
    """Status, events, pictures and messages; `renew` before each session, `end` after it."""

    def __init__(self) -> None:
        self.status = StatusChanged("disconnected")
        self.session_end: SessionEndedData | None = None
        self.error: ReactorError | None = None
        """Why the session ended, if not by our own leave."""
        self.settled = asyncio.Event()
        """The session is ready, or over."""
        self.events: Feed[Event] = Feed(_EVENTS)
        self.frames: Feed[Frame] = Feed(1)
        self.messages: Feed[Any] = Feed(_MESSAGES, _MESSAGES_BYTES)
        self._questions: list[asyncio.Future[Capabilities]] = []

    def renew(self) -> None:
        """Forget the last session."""
        self.session_end = self.error = None
        self.settled = asyncio.Event()
        if self.frames.ended:
            self.frames = Feed(1)
            self.messages = Feed(_MESSAGES, _MESSAGES_BYTES)

    def end(self, error: ReactorError | None) -> None:
        """The session is over; None: by our own leave."""
        self.error = error
        finished = isinstance(error, SessionEndedError) and error.reason == "model_finished"
        self.frames.end(None if finished else error)
        self.messages.end(None if finished else error)
        for answer in self._questions:
            if not answer.done():
                answer.set_exception(error or ReactorError("LEFT", "disconnect() was called"))
        self._questions.clear()
        self.on_status("disconnected", None)
        self.settled.set()

    def expect_capabilities(self) -> asyncio.Future[Capabilities]:
        """Take the next capabilities for an answer instead of a message of the model."""
        answer: asyncio.Future[Capabilities] = asyncio.get_running_loop().create_future()
        self._questions.append(answer)
        return answer

    def on_status(self, status: Status, waiting: WaitingInfoData | None) -> None:
        """The status or the place in the queue changed."""
        changed = StatusChanged(status, waiting)
        if changed != self.status:
            self.status = changed
            self.events.put(changed)
        if status == "ready":
            self.settled.set()

    def on_event(self, event: Event) -> None:
        """The coordinator said something else."""
        if isinstance(event, SessionEndedData):
            self.session_end = event
        self.events.put(event)

    def on_frame(self, frame: Frame) -> None:
        """A picture was decoded."""
        self.frames.put(frame)

    def on_text(self, text: str) -> None:
        """A text came from the room."""
        try:
            message = parse_message_to_client(text)
        except MessageError as error:
            _log.debug("passed over a message that this version doesn't know: %s", error)
            return
        if isinstance(message, RuntimeMessage):
            self.events.put(message.data.data)
        elif not self._answer(message.data):
            self.messages.put(message.data, len(text))

    def _answer(self, data: Any) -> bool:
        self._questions = [question for question in self._questions if not question.done()]
        if not self._questions or not isinstance(data, dict) or "commands" not in data:
            return False
        try:
            capabilities = Capabilities.model_validate(data)
        except ValidationError:
            return False
        self._questions.pop(0).set_result(capabilities)
        return True
