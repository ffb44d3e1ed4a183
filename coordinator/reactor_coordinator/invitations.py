"""What clients are told about their rooms: the messages that carry LiveKit's address and a token."""

import time
from dataclasses import dataclass, field

from reactor_coordinator.address import livekit_url_for
from reactor_coordinator.client_socket import ClientSocket
from reactor_coordinator.events import Assign, ShowRoom
from reactor_coordinator.rooms import Rooms
from reactor_coordinator.runtime_view import RuntimeView
from reactor_coordinator.settings import Settings
from reactor_coordinator.tokens import TTL_S, TokenMint
from reactor_protocol.frontend import (
    GpuMachineAssigned,
    GpuMachineAssignedData,
    RoomPrepared,
    RoomPreparedData,
    SessionExpiration,
    SessionExpirationData,
)


@dataclass(slots=True)
class ShownToken:
    """The token that `room-prepared` carried, for `gpu-machine-assigned` to repeat."""

    session_id: str
    token: str
    minted_s: float = field(default_factory=time.monotonic)

    def fits(self, session_id: str) -> bool:
        """It is that session's, and has half of its life left."""
        return self.session_id == session_id and time.monotonic() - self.minted_s < TTL_S / 2


class Invitations:
    """Sends them, with a token that fits the model."""

    def __init__(self, settings: Settings, rooms: Rooms, mint: TokenMint) -> None:
        self._settings = settings
        self._rooms = rooms
        self._mint = mint
        self._shown: ShownToken | None = None

    def assign(self, socket: ClientSocket, effect: Assign, runtime: RuntimeView) -> None:
        """The session is the client's own; and when it ends, where there is a maximum duration."""
        left_s = None if effect.ends_s is None else max(effect.ends_s - time.monotonic(), 0.0)
        expires_at = None if left_s is None else time.time() + left_s
        data = GpuMachineAssignedData(
            livekit_ws_url=self._livekit_url(socket),
            livekit_jwt_token=self._shown_or_new(effect.session_id, effect.identity, runtime),
            session_id=effect.session_id,
            resume_token=effect.resume_token,
            model_name=runtime.model_name,
            model_version=runtime.model_version,
            expires_at=expires_at,
        )
        socket.send(GpuMachineAssigned(data=data))
        if expires_at is not None and left_s is not None:
            socket.send(SessionExpiration(data=SessionExpirationData(expires_at=expires_at, seconds_left=left_s)))

    def show(self, socket: ClientSocket, effect: ShowRoom, runtime: RuntimeView) -> None:
        """The client is next, and may join its room already."""
        token = self._new(effect.session_id, effect.identity, runtime)
        self._shown = ShownToken(effect.session_id, token)
        data = RoomPreparedData(
            livekit_ws_url=self._livekit_url(socket), livekit_jwt_token=token, session_id=effect.session_id
        )
        socket.send(RoomPrepared(data=data))

    def _shown_or_new(self, session_id: str, identity: str, runtime: RuntimeView) -> str:
        shown, self._shown = self._shown, None
        if shown is not None and shown.fits(session_id):
            return shown.token
        return self._new(session_id, identity, runtime)

    def _new(self, session_id: str, identity: str, runtime: RuntimeView) -> str:
        return self._mint.for_client(
            self._rooms.name(session_id), identity, camera=runtime.video_input, microphone=runtime.audio_input
        )

    def _livekit_url(self, socket: ClientSocket) -> str:
        headers = socket.websocket.headers
        return livekit_url_for(
            public_url=self._settings.livekit_public_url,
            livekit_url=self._settings.livekit_url,
            host=headers.get("host"),
            scheme=socket.websocket.url.scheme,
            forwarded_proto=headers.get("x-forwarded-proto"),
        )
