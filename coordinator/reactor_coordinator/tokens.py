"""Tokens for a session's two participants. This process alone knows the secret."""

from collections.abc import Sequence
from datetime import timedelta

from livekit.api import AccessToken, VideoGrants

TTL_S = 120
"""Tokens can't be revoked, so they live only as long as a slow join takes; a joined participant needs none."""


class TokenMint:
    """Mints with one API key."""

    def __init__(self, api_key: str, api_secret: str) -> None:
        self._key = api_key
        self._secret = api_secret

    def for_client(self, room: str, identity: str, *, camera: bool, microphone: bool) -> str:
        """Join, subscribe, send data; publish only what the model takes.

        `can_publish` is true for everyone: a client that may not publish waits for two 150 ms debounces before it is
        subscribed to tracks that are already there. The source `none` doesn't exist, so that nothing can be published;
        an empty list would allow everything.
        """
        sources = [name for name, wanted in (("camera", camera), ("microphone", microphone)) if wanted]
        return self._mint(identity, room, can_subscribe=True, sources=sources or ["none"], kind="standard")

    def for_runtime(self, room: str, identity: str, *, subscribe: bool) -> str:
        """Join as an agent (which doesn't keep a room alive), publish, send data; subscribe if the model has inputs."""
        return self._mint(identity, room, can_subscribe=subscribe, sources=None, kind="agent")

    def _mint(self, identity: str, room: str, *, can_subscribe: bool, sources: Sequence[str] | None, kind: str) -> str:
        grants = VideoGrants(
            room_join=True,
            room=room,
            can_publish=True,
            can_publish_data=True,
            can_subscribe=can_subscribe,
            can_publish_sources=None if sources is None else list(sources),
        )
        token = AccessToken(self._key, self._secret).with_identity(identity).with_grants(grants)
        return token.with_kind("agent" if kind == "agent" else "standard").with_ttl(timedelta(seconds=TTL_S)).to_jwt()
