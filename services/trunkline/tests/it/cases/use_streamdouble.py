"""Twilio's side of a media stream as others wrote it (streamdouble, from PyPI): a caller who interrupts the bot, answers by words and by
a key, and stays until the bot ends it; then a second socket on the same path. What it is about comes in as JSON."""

import asyncio
import functools
import json
import sys
from pathlib import Path

import websockets
from streamdouble import audio
from streamdouble.protocol import StreamIdentity
from streamdouble.scenario import Dtmf, Say, Scenario, Step, Wait, WaitFor
from streamdouble.session import Session

given = json.load(sys.stdin)
# It signs no handshake; Twilio does.
signed = {"X-Twilio-Signature": given["signature"]}
websockets.connect = functools.partial(websockets.connect, additional_headers=signed)

PATIENCE_S = 120
ASKED = Step()


class Caller(Session):
    """Knows when it has been asked something: what streamdouble itself waits for happens once in a call."""

    heard = 0

    async def _run_step(self, connection, step):
        if step is not ASKED:
            return await super()._run_step(connection, step)
        deadline = self.clock() + PATIENCE_S
        while not self.is_asked():
            assert self.clock() < deadline, f"the bot asks nothing: {self.result.events[-20:]}"
            await self._stream_frames(connection, [audio.silence_frame()])
        self.heard = len(self.result.marks_echoed)

    def is_asked(self):
        """Something was played to its end, and nothing followed."""
        is_new = len(self.result.marks_echoed) > self.heard and not self._pending_marks
        return is_new and self.clock() - self._last_audio_at > 2


def say(name):
    path = Path(given["folder"]) / f"{name}.wav"
    return Say(path, audio.wav_to_ulaw_frames(path))


async def call(steps):
    identity = StreamIdentity(account_sid=given["account_sid"], call_sid=given["call_sid"])
    return await Caller(given["url"], scenario=Scenario("call", steps), identity=identity).run()


async def main():
    interrupts = [WaitFor("audio", PATIENCE_S), Wait(0.5), say("interruption")]
    answers = [ASKED, say("yes"), ASKED, Dtmf("1"), ASKED, say("course")]
    result = await call([*interrupts, *answers, Wait(PATIENCE_S)])
    assert (result.closed_by, result.violations, result.unknown_events) == ("agent", [], []), vars(result)
    assert result.clears_received >= 1, result.events
    # Each question was heard to its end, and so was the goodbye.
    assert len(result.marks_echoed) >= 4, result.marks_echoed
    sizes = {event.detail["bytes"] for event in result.events_of("media_received")}
    assert sizes == {audio.FRAME_BYTES}, sizes
    # Its path works once.
    second = await call([Wait(PATIENCE_S)])
    assert (second.closed_by, second.media_frames_received) == ("agent", 0), vars(second)


asyncio.run(main())
