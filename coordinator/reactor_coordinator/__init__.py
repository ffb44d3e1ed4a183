"""The process on 8080: client sockets, the queue, rooms and tokens.

`broker` (on `ledger` and `runtime_side`) decides, as a pure function of state, event and time; `coordinator` carries
out what it decided. Around them: `settings`, `server` and `app` (HTTP and WebSocket), `client_socket`, `pool`
and `runtime_client` (the runtime server), `rooms`, `tokens` and `invitations` (LiveKit).

Exceptions:

    CoordinatorError
    +-- RuntimeCallError     the runtime server refused a call, or can't be reached
    +-- RoomError            LiveKit refused a call, or can't be reached
    +-- SettingsError        a setting that can't be used
"""
