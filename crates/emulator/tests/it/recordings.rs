use serde_json::{Value, json};
use twilio_api::{MediaFormat, RecordingFilter, RecordingStatus};

use crate::world::World;

/// A call in which "yes" was recorded. Answers the recording's SID and the call's.
async fn one(world: &World) -> (String, String) {
    world.on(
        "/voice",
        "<Say>Question</Say><Record action=\"/done\" playBeep=\"false\"/>",
    );
    let steps =
        json!([{"wait_for": "question"}, {"speak": {"text": "yes", "seconds": 2}}, {"press": "#"}]);
    let call = world.call(steps).await;
    let done = world.app.hits("/done").pop().unwrap();
    (done.get("RecordingSid").to_owned(), call.sid)
}

async fn code(world: &World, sid: &str, format: MediaFormat, channels: Option<u32>) -> Option<u32> {
    let media = world.client.recordings().media(sid, format, channels).await;
    media.err().and_then(|error| error.code())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_are_listed_fetched_and_deleted() {
    let world = World::start().await;
    world.number().await;
    let (first, call) = one(&world).await;
    let (second, _) = one(&world).await;
    world.recorded(&first).await;
    world.recorded(&second).await;
    let recordings = world.client.recordings();
    let all = recordings
        .list(&RecordingFilter::default())
        .all(10)
        .await
        .unwrap();
    let sids: Vec<&str> = all.iter().map(|recording| recording.sid.as_str()).collect();
    assert_eq!(sids, [second.as_str(), first.as_str()]);
    let filter = RecordingFilter {
        call_sid: Some(call.clone()),
        ..RecordingFilter::default()
    };
    assert_eq!(recordings.list(&filter).all(10).await.unwrap().len(), 1);
    let (_, page) = world
        .rest("GET", &format!("/Calls/{call}/Recordings.json"), &[])
        .await;
    assert_eq!(page["recordings"][0]["sid"], json!(first));
    let fetched = recordings.fetch(&first).await.unwrap();
    assert_eq!(
        (fetched.status, fetched.duration_s),
        (RecordingStatus::Completed, Some(2))
    );
    assert_eq!(
        (fetched.channels, fetched.source.as_deref()),
        (Some(1), Some("RecordVerb"))
    );
    recordings.delete(&first).await.unwrap();
    // It is gone, and can still be read about.
    let deleted = recordings.fetch(&first).await.unwrap();
    assert_eq!(deleted.status, RecordingStatus::Deleted);
    assert_eq!(
        code(&world, &first, MediaFormat::Wav, None).await,
        Some(20404)
    );
    assert!(recordings.delete(&first).await.is_err());
    assert_eq!(recordings.list(&filter).all(10).await.unwrap().len(), 0);
    let path = format!("/Calls/{call}/Recordings.json?IncludeSoftDeleted=true");
    let (_, page) = world.rest("GET", &path, &[]).await;
    assert_eq!(page["recordings"][0]["status"], "deleted");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recording_of_a_conference_is_listed_by_it_and_not_by_its_call() {
    let world = World::start().await;
    world.number().await;
    let conference = "CF00000000000000000000000000000001";
    world.fault(json!({ "kind": "recording", "conference_sid": conference }));
    let (sid, call) = one(&world).await;
    world.recorded(&sid).await;
    let recordings = world.client.recordings();
    let of_call = RecordingFilter {
        call_sid: Some(call),
        ..RecordingFilter::default()
    };
    assert_eq!(recordings.list(&of_call).all(10).await.unwrap().len(), 0);
    let of_conference = RecordingFilter {
        conference_sid: Some(conference.to_owned()),
        ..RecordingFilter::default()
    };
    let found = recordings.list(&of_conference).all(10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].sid, sid);
    assert_eq!(found[0].source.as_deref(), Some("Conference"));
    assert_eq!(found[0].conference_sid.as_deref(), Some(conference));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_come_as_twilio_has_them() {
    let world = World::start().await;
    world.number().await;
    let (sid, _) = one(&world).await;
    world.recorded(&sid).await;
    assert_eq!(code(&world, &sid, MediaFormat::Wav, Some(1)).await, None);
    assert_eq!(
        code(&world, &sid, MediaFormat::Wav, Some(2)).await,
        Some(20001)
    );
    let url = world.app.hits("/done")[0].get("RecordingUrl").to_owned();
    let plain = reqwest::get(&url).await.unwrap();
    assert_eq!(plain.status(), 401);
    let media = world.client.media_at(&url).await.unwrap();
    assert!(media.bytes().await.unwrap().starts_with(b"RIFF"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mp3_media_are_the_same_sound() {
    let world = World::start().await;
    world.number().await;
    let (sid, _) = one(&world).await;
    let sound = world.recorded(&sid).await;
    let media = world
        .client
        .recordings()
        .media(&sid, MediaFormat::Mp3, None)
        .await;
    if cfg!(feature = "mp3") {
        let file = media.unwrap().bytes().await.unwrap();
        assert!(!file.starts_with(b"RIFF"));
        let read = audio::Sound::read(&file).unwrap();
        assert_eq!(read.heard().as_deref(), Some("yes"));
        assert_eq!(read.seconds(), sound.seconds());
    } else {
        assert_eq!(media.err().and_then(|error| error.code()), Some(20501));
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_are_not_there_at_first() {
    // Slow enough to see that it is not processed yet: a second really.
    let world = World::seeded(7, 2.0).await;
    world.number().await;
    world.fault(json!({"kind": "recording", "not_found_times": 2}));
    let (sid, _) = one(&world).await;
    let status = world.client.recordings().fetch(&sid).await.unwrap().status;
    assert_ne!(status, RecordingStatus::Completed);
    for _ in 0..3 {
        assert_eq!(
            code(&world, &sid, MediaFormat::Wav, None).await,
            Some(20404)
        );
    }
    assert_eq!(world.recorded(&sid).await.heard().as_deref(), Some("yes"));
    world.end().await;
}

async fn on_hold(world: &World, steps: Value) -> String {
    world.on("/voice", "<Say>Please hold</Say><Pause length=\"6000\"/>");
    let sid = world.place(steps);
    world.heard(&sid, "please hold").await;
    sid
}

/// A caller on hold who says "tell me more" as soon as the application is ready for them.
async fn patient(world: &World) -> String {
    world.on("/ready", "<Say>We are ready</Say><Pause length=\"6000\"/>");
    let steps = json!([{"wait_for": "ready"}, {"speak": {"text": "tell me more", "seconds": 3}}, {"hang_up": {}}]);
    on_hold(world, steps).await
}

/// The application is ready for the patient caller, who hangs up in the end.
async fn ready(world: &World, sid: &str) {
    world.send_to(sid, "/ready").await.unwrap();
    world.over(sid).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_call_can_be_recorded_through_the_api() {
    let world = World::start().await;
    world.number().await;
    let sid = patient(&world).await;
    let path = format!("/Calls/{sid}/Recordings.json");
    let callback = world.at("/rec").unwrap();
    let form = [
        ("RecordingChannels", "dual"),
        ("RecordingStatusCallback", callback.as_str()),
    ];
    let (status, begun) = world.rest("POST", &path, &form).await;
    assert_eq!(
        (status, &begun["status"], &begun["channels"]),
        (201, &json!("in-progress"), &json!(2))
    );
    ready(&world, &sid).await;
    let sound = world.recorded(begun["sid"].as_str().unwrap()).await;
    assert_eq!(
        audio::heard(&sound.channel(0)).as_deref(),
        Some("tell me more")
    );
    assert_eq!(
        audio::heard(&sound.channel(1)).as_deref(),
        Some("We are ready")
    );
    let told = &world.hits("/rec", 1).await[0];
    assert_eq!(
        (told.get("RecordingSource"), told.get("RecordingTrack")),
        ("StartCallRecordingAPI", "both")
    );
    assert_eq!(world.rest("POST", &path, &[]).await.0, 400);
    assert_eq!(
        world
            .rest("POST", "/Calls/CA0/Recordings.json", &[])
            .await
            .0,
        404
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_recording_can_be_held_and_stopped() {
    let world = World::start().await;
    world.number().await;
    let sid = on_hold(&world, json!([])).await;
    let (_, begun) = world
        .rest("POST", &format!("/Calls/{sid}/Recordings.json"), &[])
        .await;
    let recording = begun["sid"].as_str().unwrap();
    let path = format!("/Calls/{sid}/Recordings/{recording}.json");
    for status in ["paused", "in-progress", "stopped"] {
        let (code, shown) = world.rest("POST", &path, &[("Status", status)]).await;
        assert_eq!((code, &shown["status"]), (200, &json!(status)));
    }
    assert_eq!(
        world.rest("POST", &path, &[("Status", "stopped")]).await.0,
        400
    );
    world.recorded(recording).await;
    let (code, shown) = world.rest("GET", &path, &[]).await;
    assert_eq!((code, &shown["status"]), (200, &json!("completed")));
    assert_eq!(world.rest("DELETE", &path, &[]).await.0, 204);
    world.hang_up(&sid).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_side_of_a_call_can_be_recorded_alone() {
    let world = World::start().await;
    world.number().await;
    let sid = patient(&world).await;
    let path = format!("/Calls/{sid}/Recordings.json");
    let callback = world.at("/rec").unwrap();
    let mut begun = Vec::new();
    for track in ["inbound", "outbound"] {
        let form = [
            ("RecordingTrack", track),
            ("RecordingChannels", "dual"),
            ("RecordingStatusCallback", callback.as_str()),
        ];
        let (status, recording) = world.rest("POST", &path, &form).await;
        assert_eq!(
            (status, &recording["track"], &recording["channels"]),
            (201, &json!(track), &json!(1))
        );
        begun.push(recording["sid"].as_str().unwrap().to_owned());
    }
    let wrong = world
        .rest("POST", &path, &[("RecordingTrack", "mine")])
        .await;
    assert_eq!((wrong.0, &wrong.1["code"]), (400, &json!(20001)));
    ready(&world, &sid).await;
    for (recording, words) in begun.iter().zip(["tell me more", "We are ready"]) {
        let sound = world.recorded(recording).await;
        assert_eq!((sound.channels, sound.heard().as_deref()), (1, Some(words)));
    }
    let told = world.hits("/rec", 2).await;
    let mut tracks: Vec<&str> = told.iter().map(|hit| hit.get("RecordingTrack")).collect();
    tracks.sort_unstable();
    assert_eq!(tracks, ["inbound", "outbound"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pause_is_silence_or_left_out() {
    let world = World::start().await;
    world.number().await;
    let sid = on_hold(&world, json!([])).await;
    for behaviour in ["skip", "silence"] {
        let before = world.now().await;
        let (_, begun) = world
            .rest("POST", &format!("/Calls/{sid}/Recordings.json"), &[])
            .await;
        let recording = begun["sid"].as_str().unwrap();
        let path = format!("/Calls/{sid}/Recordings/{recording}.json");
        let pause = [("Status", "paused"), ("PauseBehavior", behaviour)];
        assert_eq!(world.rest("POST", &path, &pause).await.0, 200);
        let wrong = [("Status", "paused"), ("PauseBehavior", "hum")];
        assert_eq!(world.rest("POST", &path, &wrong).await.0, 400);
        // How long it was held: until the emulator's time is a hundred seconds on.
        let held = world.now().await;
        while (world.now().await - held).num_seconds() < 100 {}
        let stop = [("Status", "stopped")];
        assert_eq!(world.rest("POST", &path, &stop).await.0, 200);
        let seconds = world.recorded(recording).await.seconds();
        let unheld = (held - before).as_seconds_f64() + 1.0;
        let right = match behaviour {
            "skip" => seconds <= unheld,
            _ => seconds >= 100.0,
        };
        assert!(
            right,
            "{behaviour}: {seconds} s, of which {unheld} s at most were not held"
        );
    }
    world.hang_up(&sid).await;
    world.end().await;
}

const STARTED: &str = r#"<Start><Recording name="whole" trim="do-not-trim" recordingStatusCallback="/rec"
    recordingStatusCallbackEvent="in-progress completed absent"/></Start>"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn started_recording_has_both_parties_of_a_dialled_call() {
    let world = World::start().await;
    let dial = "<Say>One moment</Say><Dial timeout=\"20\" action=\"/dialled\">+15550100002</Dial>";
    world
        .number()
        .await
        .on("/voice", &format!("{STARTED}{dial}"));
    world.fault(json!({
        "kind": "callee", "number": "+15550100002", "behaviour": "answer", "after_s": 1,
        "steps": [{"pause": {"seconds": 4}}, {"speak": {"text": "office here", "seconds": 3}}, {"hang_up": {}}],
    }));
    let steps = json!([
        {"wait_for": "one moment"}, {"pause": {"seconds": 5}}, {"speak": {"text": "good morning", "seconds": 3}},
    ]);
    let call = world.call(steps).await;
    let told = world.hits("/rec", 2).await;
    let events: Vec<&str> = told.iter().map(|hit| hit.get("RecordingStatus")).collect();
    assert_eq!(events, ["in-progress", "completed"]);
    let last = &told[1];
    assert_eq!(
        (
            last.get("CallSid"),
            last.get("RecordingChannels"),
            last.get("RecordingTrack")
        ),
        (call.sid.as_str(), "2", "both")
    );
    assert_eq!(last.get("RecordingSource"), "StartCallRecordingTwiML");
    let sound = world.recorded(last.get("RecordingSid")).await;
    let heard = |channel| audio::heard(&sound.channel(channel)).unwrap_or_default();
    assert_eq!(heard(0), "good morning");
    let other = heard(1);
    assert!(
        other.contains("One moment") && other.contains("office here"),
        "{other}"
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_recording_ends_before_its_call() {
    let world = World::start().await;
    let stop =
        r#"<Say>On tape</Say><Stop><Recording name="whole"/></Stop><Say>Off the record</Say>"#;
    world
        .number()
        .await
        .on("/voice", &format!("{STARTED}{stop}"));
    world.call(json!([])).await;
    let told = world.hits("/rec", 2).await;
    let sound = world.recorded(told[1].get("RecordingSid")).await;
    assert_eq!(sound.heard().as_deref(), Some("On tape"));
    world.end().await;
}

/// What a call is told of a recording that comes to nothing, and what the API has of it.
async fn comes_to(end: &str) -> (Vec<String>, Value) {
    let world = World::start().await;
    let say = "<Say>Good morning</Say>";
    world
        .number()
        .await
        .on("/voice", &format!("{STARTED}{say}"));
    world.fault(json!({"kind": "recording", "end": end}));
    world.call(json!([])).await;
    let told = world.hits("/rec", 2).await;
    let last = &told[1];
    let sid = last.get("RecordingSid").to_owned();
    assert_eq!(
        code(&world, &sid, MediaFormat::Wav, None).await,
        Some(20404)
    );
    let (_, shown) = world
        .rest("GET", &format!("/Recordings/{sid}.json"), &[])
        .await;
    let words = ["RecordingStatus", "ErrorCode"].map(|name| last.get(name).to_owned());
    world.end().await;
    (words.to_vec(), shown)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recording_without_sound_is_absent_with_its_code() {
    let (told, shown) = comes_to("absent").await;
    assert_eq!(told, ["absent", "16101"]);
    assert_eq!(
        (&shown["status"], &shown["error_code"]),
        (&json!("absent"), &json!(16101))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recording_that_cannot_be_made_is_failed() {
    let (told, shown) = comes_to("failed").await;
    assert_eq!(told, ["failed", "(absent)"]);
    assert_eq!(
        (&shown["status"], &shown["error_code"]),
        (&json!("failed"), &Value::Null)
    );
}

const RECORDED_DIAL: &str = r#"<Dial record="HOW" action="/dialled" recordingStatusCallback="/rec"
    recordingStatusCallbackEvent="in-progress completed">+15550100002</Dial>"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_dial_has_both_legs_on_their_channels() {
    for (how, channels) in [("record-from-answer-dual", 2), ("record-from-ringing", 1)] {
        let world = World::start().await;
        let dial = RECORDED_DIAL.replace("HOW", how);
        world.number().await.on("/voice", &dial);
        world.fault(json!({
            "kind": "callee", "number": "+15550100002", "behaviour": "answer", "after_s": 1, "talk_s": 60,
            "steps": [{"pause": {"seconds": 1}}, {"speak": {"text": "office here", "seconds": 3}}],
        }));
        // The caller hangs up first: what was said is kept.
        let steps = json!([
            {"pause": {"seconds": 7}}, {"speak": {"text": "good morning", "seconds": 3}}, {"hang_up": {}},
        ]);
        let call = world.call(steps).await;
        let told = world.hits("/rec", 2).await;
        let last = &told[1];
        assert_eq!(last.get("RecordingStatus"), "completed");
        assert_eq!(
            (last.get("CallSid"), last.get("RecordingSource")),
            (call.sid.as_str(), "DialVerb")
        );
        let dialled = &world.hits("/dialled", 1).await[0];
        assert_eq!(dialled.get("RecordingUrl"), last.get("RecordingUrl"));
        let sound = world.recorded(last.get("RecordingSid")).await;
        assert_eq!(sound.channels, channels, "{how}");
        let heard = |channel| audio::heard(&sound.channel(channel)).unwrap_or_default();
        if channels == 2 {
            assert_eq!(
                (heard(0), heard(1)),
                ("good morning".into(), "office here".into())
            );
        } else {
            assert_eq!(heard(0), "office here good morning");
        }
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_dial_that_nobody_answers_has_no_recording_from_the_answer_on() {
    let world = World::start().await;
    let dial = RECORDED_DIAL.replace("HOW", "record-from-answer-dual");
    world.number().await.on("/voice", &dial);
    world.office("no-answer");
    world.call(json!([])).await;
    let dialled = &world.hits("/dialled", 1).await[0];
    assert_eq!(dialled.get("RecordingUrl"), "(absent)");
    let recordings = world.client.recordings();
    let all = recordings.list(&RecordingFilter::default()).all(10).await;
    assert!(all.unwrap().is_empty());
    world.end().await;
}
