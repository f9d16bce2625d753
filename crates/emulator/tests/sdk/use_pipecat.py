"""A bot on Pipecat, which others wrote, at the other end of the emulator's media streams: its FastAPI WebSocket transport and its
Twilio serializer, as Pipecat's own examples for Twilio have them. It greets, says again what it hears, and hangs up at a #."""

import asyncio
import json
import sys
import wave

import aiohttp
import numpy
import uvicorn
from fastapi import FastAPI, Response, WebSocket
from loguru import logger
from pipecat.frames.frames import (
    EndFrame,
    InputAudioRawFrame,
    InputDTMFFrame,
    OutputTransportMessageFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

base_url, account_sid, auth_token, greeting = sys.argv[1:]
NUMBER, CALLER = "+14155550100", "+15550109999"
# Pipecat's usual rate: its resamplers stand in the way of every frame.
RATE = 16000
# Of a frame of 20 ms, in 16 bits.
LOUD = 300
# So much silence ends what is said.
SILENCE_S = 0.6
PATIENCE_S = 60
# Pipecat sends in real time: on a machine that holds it up in the middle of a word, nobody understands that word.
ATTEMPTS = 3


class NotUnderstood(Exception):
    """The caller waits for words that were not heard."""


class Noted(TwilioFrameSerializer):
    """Notes what comes: Pipecat has no frames for marks and for the end of a stream."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.came = []

    async def deserialize(self, data):
        message = json.loads(data)
        if message["event"] != "media":
            self.came.append(message)
        return await super().deserialize(data)


class Parrot(FrameProcessor):
    """Says again what it hears; speech stops what it says."""

    def __init__(self, stream_sid):
        super().__init__()
        self.stream_sid = stream_sid
        self.heard, self.quiet_s, self.said = bytearray(), 0.0, 0
        self.keys = []

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            await self.hear(frame)
        elif isinstance(frame, InputDTMFFrame):
            self.keys.append(frame.button.value)
            if self.keys[-1] == "#":
                await self.push_frame(EndFrame())
        else:
            await self.push_frame(frame, direction)

    async def hear(self, frame):
        samples = numpy.frombuffer(frame.audio, dtype=numpy.int16).astype(float)
        is_loud = (samples**2).mean() ** 0.5 > LOUD
        if not self.heard and not is_loud:
            return
        if not self.heard:
            # Whoever speaks is listened to.
            await self.broadcast_interruption()
        self.heard += frame.audio
        self.quiet_s = 0.0 if is_loud else self.quiet_s + len(samples) / frame.sample_rate
        if self.quiet_s >= SILENCE_S:
            said, self.heard = bytes(self.heard), bytearray()
            self.said += 1
            for frame in speech(said, f"said-{self.said}", self.stream_sid):
                await self.push_frame(frame)


def speech(samples, mark, stream_sid):
    message = {"event": "mark", "streamSid": stream_sid, "mark": {"name": mark}}
    sound = TTSAudioRawFrame(samples, RATE, 1)
    return [TTSStartedFrame(), sound, TTSStoppedFrame(), OutputTransportMessageFrame(message=message)]


def greeting_samples():
    """Eight kilohertz to Pipecat's rate, each sample twice: it is only a greeting."""
    with wave.open(greeting) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return numpy.repeat(numpy.frombuffer(file.readframes(file.getnframes()), dtype=numpy.int16), 2).tobytes()


app, port, bots = FastAPI(docs_url=None, openapi_url=None), 0, []


@app.post("/voice")
async def voice():
    stream = f'<Stream url="ws://127.0.0.1:{port}/ws"><Parameter name="who" value="smith"/></Stream>'
    return Response(f"<Response><Connect>{stream}</Connect></Response>", media_type="text/xml")


@app.websocket("/ws")
async def socket(websocket: WebSocket):
    await websocket.accept()
    kind, call = await parse_telephony_websocket(websocket)
    serializer = Noted(call["stream_id"], call["call_id"], account_sid, auth_token, base_url=base_url)
    params = FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True, serializer=serializer)
    transport = FastAPIWebsocketTransport(websocket, params)
    parrot = Parrot(call["stream_id"])
    bot = {"kind": kind, "call": call, "serializer": serializer, "parrot": parrot, "left": False, "over": asyncio.Event()}
    bots.append(bot)
    worker = PipelineWorker(
        Pipeline([transport.input(), parrot, transport.output()]),
        params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE),
        enable_rtvi=False,
    )

    @transport.event_handler("on_client_connected")
    async def greet(*_):
        await worker.queue_frames(speech(greeting_samples(), "greeting", call["stream_id"]))

    @transport.event_handler("on_client_disconnected")
    async def leave(*_):
        bot["left"] = True
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()
    bot["over"].set()


async def called(session, steps):
    """A scripted person calls: what the emulator knows of the call once it is over, and the bot that took it."""
    script = {"number": NUMBER, "from": CALLER, "steps": steps}
    async with session.post(f"{base_url}/emulator/calls", json=script) as answer:
        sid = (await answer.json())["sid"]
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        async with session.get(f"{base_url}/emulator/calls/{sid}") as answer:
            view = await answer.json()
        if view["done"]:
            break
        if asyncio.get_running_loop().time() > deadline:
            call = f"{base_url}/2010-04-01/Accounts/{account_sid}/Calls/{sid}.json"
            async with session.post(call, data={"Status": "completed"}):
                raise NotUnderstood(view)
        await asyncio.sleep(0.1)
    async with asyncio.timeout(PATIENCE_S):
        assert view["problem"] is None and view["status"] == "completed", view
        bot = bots[-1]
        assert bot["call"]["call_id"] == sid
        await bot["over"].wait()
    return view, bot


def marks(bot):
    return [message["mark"]["name"] for message in bot["serializer"].came if message["event"] == "mark"]


async def updates(session, sid):
    """What the API has answered to whoever changed this call."""
    async with session.get(f"{base_url}/emulator/log") as answer:
        items = (await answer.json())["items"]
    return [it["status"] for it in items if it["method"] == "POST" and it["url"].endswith(f"/Calls/{sid}.json")]


async def talk(session):
    """Sound, marks, keys, a word into what the bot says; then the bot hangs up, by REST."""
    long = "please say after me that every good bird sings early in the morning and late in the evening"
    steps = [
        {"wait_for": "parrot"},
        {"speak": {"text": "hello bird"}},
        {"wait_for": "hello bird"},
        {"speak": {"text": long}},
        {"interrupt": {"after_s": 1, "text": "stop now"}},
        {"wait_for": "stop now"},
        {"press": "5#"},
    ]
    view, bot = await called(session, steps)
    assert bot["kind"] == "twilio" and bot["call"]["body"] == {"who": "smith"}, bot["call"]
    assert bot["parrot"].keys == ["5", "#"], bot["parrot"].keys
    assert bot["parrot"].said == 3, bot["parrot"].said
    assert await updates(session, view["sid"]) == [200], "the bot has ended the call, once"
    # What was cut off is not at its end.
    heard = " | ".join(it["text"] for it in view["heard"])
    assert "please" in heard and "evening" not in heard, heard
    assert any(it["kind"] == "stream" and it["text"] == "clear" for it in view["timeline"]), view["timeline"]
    came = marks(bot)
    assert [came[0], came[1], came[-1]] == ["greeting", "said-1", "said-3"], came
    for message in bot["serializer"].came:
        assert message["streamSid"] == bot["call"]["stream_id"] and int(message["sequenceNumber"]) > 1, message


async def hang_up(session):
    """The caller hangs up: the stream is stopped, and the bot leaves."""
    _, bot = await called(session, [{"wait_for": "parrot"}, {"hang_up": {}}])
    assert bot["left"] and marks(bot) == ["greeting"], marks(bot)
    last = bot["serializer"].came[-1]
    assert last["event"] == "stop" and last["stop"]["callSid"] == bot["call"]["call_id"], last


async def understood(play, session):
    for attempt in range(ATTEMPTS):
        try:
            return await play(session)
        except NotUnderstood:
            if attempt + 1 == ATTEMPTS:
                raise


async def main():
    global port
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_level="warning"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE_S):
        while not server.started:
            await asyncio.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    credentials = {"Authorization": aiohttp.encode_basic_auth(account_sid, auth_token)}
    async with aiohttp.ClientSession(headers=credentials) as session:
        numbers = f"{base_url}/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers.json"
        form = {"PhoneNumber": NUMBER, "VoiceUrl": f"http://127.0.0.1:{port}/voice"}
        async with session.post(numbers, data=form) as answer:
            assert answer.status == 201, await answer.text()
        try:
            await understood(talk, session)
            await understood(hang_up, session)
        finally:
            # Also from sockets that are open because something is wrong.
            server.should_exit = server.force_exit = True
            await serving


asyncio.run(main())
