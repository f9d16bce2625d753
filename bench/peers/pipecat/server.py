"""Media Streams through Pipecat's Twilio serializer and nothing else: each frame is read, and its sound is written back.
uvicorn runs one process per core."""

from types import SimpleNamespace

from fastapi import FastAPI, Response, WebSocket, WebSocketDisconnect
from pipecat.frames.frames import InputAudioRawFrame, OutputAudioRawFrame
from pipecat.serializers.twilio import TwilioFrameSerializer

# The rate that Pipecat's pipelines have unless they are told otherwise.
RATE = 16000

app = FastAPI(docs_url=None, openapi_url=None)


@app.get("/health/ready")
async def ready():
    return Response("ok")


@app.websocket("/echo")
async def echo(socket: WebSocket):
    await socket.accept()
    params = TwilioFrameSerializer.InputParams(auto_hang_up=False)
    serializer = TwilioFrameSerializer("MZ1", params=params)
    await serializer.setup(SimpleNamespace(audio_in_sample_rate=RATE))
    try:
        while True:
            frame = await serializer.deserialize(await socket.receive_text())
            if isinstance(frame, InputAudioRawFrame):
                sound = OutputAudioRawFrame(frame.audio, frame.sample_rate, frame.num_channels)
                text = await serializer.serialize(sound)
                if text:
                    await socket.send_text(text)
    except WebSocketDisconnect:
        pass
