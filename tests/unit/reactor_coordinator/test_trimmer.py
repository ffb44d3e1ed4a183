"""Messages that are cut on their way to the parser."""

import itertools
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from reactor_coordinator.trimmer import MessageTrimmer

LIMIT_BYTES = 20

DATA = st.binary(max_size=60)
FRAGMENTS = st.lists(DATA, min_size=1, max_size=5)
CONTROLS = st.sampled_from([Frame(Opcode.PING, b"ping"), Frame(Opcode.PONG, b""), Frame(Opcode.PING, b"x" * 125)])


@dataclass(frozen=True)
class Sent:
    """A message as a client cuts it into frames, with other frames in between."""

    opcode: Opcode
    fragments: list[bytes]
    controls: list[Frame]

    @property
    def frames(self) -> list[Frame]:
        opcodes = itertools.chain([self.opcode], itertools.repeat(Opcode.CONT))
        last = len(self.fragments) - 1
        made: list[Frame] = []
        for index, (opcode, data) in enumerate(zip(opcodes, self.fragments, strict=False)):
            made += [*self.controls[index : index + 1], Frame(opcode, data, fin=index == last)]
        return made


MESSAGES = st.builds(Sent, st.sampled_from([Opcode.TEXT, Opcode.BINARY]), FRAGMENTS, st.lists(CONTROLS, max_size=3))


def parser(max_size: int) -> ServerProtocol:
    protocol = ServerProtocol(max_size=max_size)
    protocol.state = OPEN
    protocol.parser = super(ServerProtocol, protocol).parse()
    next(protocol.parser)
    return protocol


def read(protocol: ServerProtocol, data: bytes) -> tuple[list[bytes], list[Frame]]:
    """The whole messages that arrived, and the control frames."""
    if data:
        protocol.receive_data(data)
    assert protocol.parser_exc is None
    messages: list[bytes] = []
    controls: list[Frame] = []
    parts: list[bytes] = []
    for frame in protocol.events_received():
        assert isinstance(frame, Frame)
        if frame.opcode >= Opcode.CLOSE:
            controls.append(frame)
            continue
        parts.append(bytes(frame.data))
        if frame.fin:
            messages.append(b"".join(parts))
            parts = []
    return messages, controls


def on_the_wire(frames: list[Frame]) -> bytes:
    return b"".join(frame.serialize(mask=True) for frame in frames)


@given(sent=st.lists(MESSAGES, max_size=5), data=st.data())
def test_what_fits_arrives_whole_and_what_does_not_arrives_one_byte_too_long(
    sent: list[Sent], data: st.DataObject
) -> None:
    wire = on_the_wire([frame for message in sent for frame in message.frames])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=10)))
    trimmer = MessageTrimmer(LIMIT_BYTES)
    trimmed = b"".join(trimmer.feed(wire[a:b]) for a, b in itertools.pairwise([0, *cuts, len(wire)]))
    messages, controls = read(parser(LIMIT_BYTES + 126), trimmed)
    assert messages == [b"".join(message.fragments)[: LIMIT_BYTES + 1] for message in sent]
    assert controls == [frame for message in sent for frame in message.frames if frame.opcode >= Opcode.CLOSE]


def test_a_monstrous_message_leaves_nothing_but_its_beginning() -> None:
    trimmer = MessageTrimmer(LIMIT_BYTES)
    head = bytes([0x81, 0x80 | 127]) + (2**40).to_bytes(8, "big") + bytes(4)
    assert len(trimmer.feed(head + bytes(100_000))) == 14 + LIMIT_BYTES + 1
    assert trimmer.feed(bytes(1_000_000)) == b""


def test_empty_fragments_without_end_leave_nothing() -> None:
    trimmer = MessageTrimmer(LIMIT_BYTES)
    trimmer.feed(on_the_wire([Frame(Opcode.TEXT, b"a", fin=False)]))
    assert trimmer.feed(on_the_wire([Frame(Opcode.CONT, b"", fin=False)]) * 1000) == b""
    last = trimmer.feed(on_the_wire([Frame(Opcode.CONT, b"b")]))
    assert last


def test_what_is_not_websocket_reaches_the_parser_which_refuses_it() -> None:
    protocol = parser(LIMIT_BYTES + 126)
    protocol.receive_data(MessageTrimmer(LIMIT_BYTES).feed(b"GET / HTTP/1.1\r\n\r\n"))
    assert protocol.parser_exc is not None
