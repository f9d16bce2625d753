"""The ingress's job in FastAPI: verify the signature, publish persistently to a quorum queue with
mandatory and confirm, wait for the confirm, answer the TwiML. uvicorn runs one process per core."""

import json
import os
from contextlib import asynccontextmanager
from uuid import uuid4

import aio_pika
from fastapi import FastAPI, Request, Response
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Dial, VoiceResponse

BASE_URL = f"http://127.0.0.1:{os.environ['PORT']}"
QUEUE = os.environ["QUEUE"]
FORWARD_TO = os.environ["FORWARD_TO"]
validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])


@asynccontextmanager
async def lifespan(app: FastAPI):
    connection = await aio_pika.connect_robust(os.environ["AMQP_URL"])
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        app.state.exchange = channel.default_exchange
        yield


app = FastAPI(lifespan=lifespan, docs_url=None, openapi_url=None)


@app.get("/health/ready")
async def ready():
    return Response("ok")


@app.post("/{path:path}")
async def webhook(request: Request, path: str):
    form = dict(await request.form())
    signature = request.headers.get("x-twilio-signature", "")
    if not validator.validate(f"{BASE_URL}/{path}", form, signature):
        return Response(status_code=403)
    message = aio_pika.Message(
        json.dumps(form).encode(),
        message_id=str(uuid4()),
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
    await request.app.state.exchange.publish(message, routing_key=QUEUE, mandatory=True)
    answer = VoiceResponse()
    dial = Dial(timeout=20, action=f"/webhooks/twilio/call/status/{form['CallSid']}", method="POST")
    dial.number(FORWARD_TO)
    answer.append(dial)
    return Response(str(answer), media_type="text/xml")
