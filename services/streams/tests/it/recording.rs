//! What passes on a stream becomes files: each track's length and what is heard where.

use std::sync::Arc;
use std::time::Instant;

use audio::Sound;
use events::v1::{RecordingPause, RecordingResume, TrackStored};
use testkit::eventually;

use crate::phone::Phone;
use crate::test_app::{ACCOUNT, COMPRESSED, RECORDED, TestApp};

fn find<'a>(tracks: &'a [(TrackStored, Sound)], kind: &str) -> &'a Sound {
    let found = tracks.iter().find(|(it, _)| it.recording_type == kind);
    &found.unwrap().1
}

fn words(sound: &Sound) -> String {
    sound.heard().unwrap_or_default()
}

/// Where sound is heard, in samples.
fn place(sound: &Sound) -> (usize, usize) {
    let is_loud = |sample: &i16| sample.unsigned_abs() > 500;
    let first = sound.samples.iter().position(is_loud).unwrap();
    (first, sound.samples.iter().rposition(is_loud).unwrap())
}

pub async fn call_is_stored_as_three_tracks_of_one_clock(app: Arc<TestApp>) {
    let path = app.offered("CA1", RECORDED).await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    phone.speak("yes I am");
    phone.hears("Do you live in a city?").await;
    phone.wait(10).await;
    phone.catch_up().await;
    let frames = phone.frames();
    phone.hang_up().await;
    let tracks = app.tracks("CA1", 3).await;
    for (track, sound) in &tracks {
        assert_eq!(sound.samples.len(), 160 * frames, "{track:?}");
        assert_eq!(track.duration_ms as usize, 20 * frames);
        assert_eq!((track.tenant_id.as_str(), track.part), ("smith", 1));
        assert_eq!((track.format.as_str(), sound.rate), ("wav", 8_000));
        assert!(track.key.starts_with("recordings/smith/CA1."));
    }
    let (user, ours) = (find(&tracks, "user"), find(&tracks, "assistant"));
    assert_eq!(words(user), "yes I am");
    let said = words(ours);
    assert!(
        said.contains("Are you salaried?") && said.contains("Do you live in a city?"),
        "{said}"
    );
    // The same samples of both sides: there is no drift, not even by one.
    let mixed = find(&tracks, "mixed");
    for (at, sample) in mixed.samples.iter().enumerate() {
        assert_eq!(*sample, user.samples[at].saturating_add(ours.samples[at]));
    }
}

pub async fn interrupted_bot_is_recorded_to_where_it_was_cut(app: Arc<TestApp>) {
    let path = app.offered("CA1", RECORDED).await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.until("a voice", |phone| !phone.is_silent()).await;
    phone.speak("yes I am");
    phone.until("a clear", |phone| phone.clears == 1).await;
    let cut = phone.frames() + phone.behind();
    phone.until("an answer", |phone| !phone.is_silent()).await;
    let again = phone.frames();
    phone.hang_up().await;
    let tracks = app.tracks("CA1", 3).await;
    let ours = find(&tracks, "assistant");
    // Silent from the cut on until the answer begins.
    let between = &ours.samples[160 * (cut + 1)..160 * (again - 15).max(cut + 1)];
    assert!(between.iter().all(|sample| sample.unsigned_abs() < 50));
    let (first, _) = place(ours);
    assert!(first < 160 * cut);
}

pub async fn frames_that_were_lost_are_silence_at_their_place(app: Arc<TestApp>) {
    let path = app.offered("CA1", RECORDED).await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    phone.skip(100);
    let began = phone.frames();
    phone.speak("yes I am");
    phone.hears("Do you live in a city?").await;
    let frames = phone.frames();
    phone.hang_up().await;
    let tracks = app.tracks("CA1", 3).await;
    let user = find(&tracks, "user");
    assert_eq!(user.samples.len(), 160 * frames);
    let (first, _) = place(user);
    let expected = 160 * began;
    assert!(
        (expected..expected + 1_600).contains(&first),
        "{first} {expected}"
    );
}

pub async fn frames_just_before_the_end_are_recorded(app: Arc<TestApp>) {
    let path = app.offered("CA1", RECORDED).await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    // The bot is speaking, so there is something to be written to a socket that closes.
    phone.until("a voice", |phone| !phone.is_silent()).await;
    for _ in 0..50 {
        phone.next_frame().await;
    }
    let frames = phone.frames();
    // Twilio closes right behind its stop, while the bot still speaks.
    phone.hang_up().await;
    let tracks = app.tracks("CA1", 3).await;
    for (track, sound) in &tracks {
        assert_eq!(sound.samples.len(), 160 * frames, "{track:?}");
    }
    assert_eq!(app.ended("CA1").await.reason, "stopped");
}

pub async fn tracks_are_mp3_files_where_the_tenant_wants_them(app: Arc<TestApp>) {
    let path = app.offered("CA1", COMPRESSED).await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    phone.speak("yes I am");
    phone.hears("Do you live in a city?").await;
    let frames = phone.frames();
    phone.hang_up().await;
    // A build without the encoder stores WAV files.
    let can_write = Sound::mono(vec![0; 8_000]).to_mp3().is_ok();
    let format = if can_write { "mp3" } else { "wav" };
    for (track, sound) in app.tracks("CA1", 3).await {
        assert_eq!(track.format, format);
        assert!(track.key.ends_with(&format!(".{format}")), "{}", track.key);
        assert_eq!(sound.samples.len(), 160 * frames, "{track:?}");
    }
}

pub async fn held_recording_is_silent_until_it_goes_on(app: Arc<TestApp>) {
    let path = app.offered("CA1", RECORDED).await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    let pause = RecordingPause {
        call_sid: "CA1".to_owned(),
        tenant_id: "smith".to_owned(),
        account_sid: ACCOUNT.to_owned(),
        ..RecordingPause::default()
    };
    app.publish(&pause).await;
    app.recorder.wait_for::<RecordingPause>(1).await;
    // Whoever listens beside the queues hears of it a moment later.
    phone.wait(100).await;
    phone.speak("my card number is four one one one");
    phone.until("an answer", |phone| !phone.is_silent()).await;
    let resume = RecordingResume {
        call_sid: pause.call_sid,
        tenant_id: pause.tenant_id,
        account_sid: pause.account_sid,
        ..RecordingResume::default()
    };
    app.publish(&resume).await;
    app.recorder.wait_for::<RecordingResume>(1).await;
    phone.wait(100).await;
    phone.hang_up().await;
    let tracks = app.tracks("CA1", 3).await;
    assert_eq!(words(find(&tracks, "user")), "");
    assert!(!words(find(&tracks, "mixed")).contains("card"));
}

pub async fn call_after_a_drop_is_recorded_in_two_parts(app: Arc<TestApp>) {
    let path = app.offered("CA1", RECORDED).await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    drop(phone);
    assert_eq!(app.ended("CA1").await.reason, "stopped");
    let again = app.offered("CA1", RECORDED).await;
    let mut phone = Phone::call(&app, &again, "CA1").await;
    phone.hears("Are you salaried?").await;
    phone.hang_up().await;
    let tracks = app.tracks("CA1", 6).await;
    let mut parts: Vec<_> = tracks
        .iter()
        .map(|(it, _)| (it.part, it.key.clone()))
        .collect();
    parts.sort();
    parts.dedup();
    assert_eq!(parts.len(), 6);
    assert_eq!((parts[0].0, parts[5].0), (1, 2));
}

/// What a process that was killed leaves: no lock, and a step that is not whole. With it, how many whole steps there are.
fn left_behind() -> (Vec<u8>, usize) {
    let about = serde_json::json!({
        "session_id": "0123456789abcdef", "call_sid": "CA9", "tenant_id": "smith", "account_sid": ACCOUNT,
        "part": 1, "tracks": ["user", "mixed"], "started_at": "2026-11-29T10:00:00.000Z",
    });
    let mut journal = format!("{about}\n").into_bytes();
    for frame in audio::mulaw::encode_all(&audio::speech("hello", None)).chunks_exact(160) {
        journal.extend_from_slice(frame);
        journal.extend_from_slice(&[0xFF; 160]);
    }
    let steps = (journal.len() - about.to_string().len() - 1) / 320;
    journal.extend_from_slice(&[0; 100]);
    (journal, steps)
}

pub async fn journal_of_another_process_that_is_killed_is_stored_beside_calls_that_go_on(
    app: Arc<TestApp>,
) {
    let path = app.offered("CA1", RECORDED).await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    let (journal, steps) = left_behind();
    let dir = app.settings().data_dir.join("live");
    std::fs::write(dir.join("being-written"), journal).unwrap();
    std::fs::rename(dir.join("being-written"), dir.join("0123456789abcdef.live")).unwrap();
    phone
        .until("both tracks are told", |_| {
            app.recorder.each::<TrackStored>().len() == 2
        })
        .await;
    let tracks = app.tracks("CA9", 2).await;
    assert_eq!(find(&tracks, "user").samples.len(), 160 * steps);
    phone.hang_up().await;
    app.tracks("CA1", 3).await;
}

pub async fn journal_of_a_killed_process_is_stored_at_the_next_start(app: Arc<TestApp>) {
    let (journal, steps) = left_behind();
    app.stop().await;
    let dir = app.settings().data_dir.join("live");
    std::fs::write(dir.join("0123456789abcdef.live"), journal).unwrap();
    std::fs::write(dir.join("other.live"), b"nothing that we wrote").unwrap();
    app.up().await;
    let tracks = app.tracks("CA9", 2).await;
    assert_eq!(find(&tracks, "user").samples.len(), 160 * steps);
    assert_eq!(words(find(&tracks, "mixed")), "hello");
    eventually("the folder is empty", async || {
        let names = std::fs::read_dir(&dir).unwrap();
        let names: Vec<_> = names.map(|it| it.unwrap().file_name()).collect();
        names == ["other.unreadable"]
    })
    .await;
}

/// Segments of calls that go on, or whose process is gone.
async fn segments(app: &TestApp) -> Vec<String> {
    let objects = objects::Objects::open(app.settings().object_store());
    let all = objects.list("live/").await.unwrap();
    all.into_iter().map(|it| it.key).collect()
}

pub async fn minute_of_a_call_is_uploaded_while_it_goes_on(app: Arc<TestApp>) {
    let path = app.offered("CA1", RECORDED).await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    for _ in 0..2 {
        phone.skip(1_550);
        phone.wait(10).await;
    }
    let patience = Instant::now() + testkit::PATIENCE;
    while segments(&app).await.len() != 1 {
        assert!(Instant::now() < patience, "no minute is uploaded");
        phone.wait(5).await;
    }
    assert!(app.recorder.heard::<TrackStored>().is_empty());
    let frames = phone.frames();
    phone.hang_up().await;
    for (track, sound) in app.tracks("CA1", 3).await {
        assert_eq!(sound.samples.len(), 160 * frames, "{track:?}");
    }
    eventually("the whole is in its place", async || {
        segments(&app).await.is_empty()
    })
    .await;
}

pub async fn recording_of_a_machine_that_is_gone_is_made_from_its_minutes(app: Arc<TestApp>) {
    let about = |session: &str, started_at: String| {
        serde_json::json!({
            "session_id": session, "call_sid": format!("CA{session}"), "tenant_id": "smith", "account_sid": ACCOUNT,
            "part": 1, "tracks": ["user"], "started_at": started_at,
        })
    };
    let objects = objects::Objects::open(app.settings().object_store());
    let minute = vec![0x20; 3_000 * 320];
    let now = clock::Clock::system().now();
    for (session, started_at) in [
        ("lost", "2020-01-01T10:00:00Z".to_owned()),
        ("lives", now.to_rfc3339()),
    ] {
        let first = [
            format!("{}\n", about(session, started_at)).into_bytes(),
            minute.clone(),
        ]
        .concat();
        for (nth, bytes) in [first, minute.clone()].into_iter().enumerate() {
            let key = format!("live/{session}/{nth:06}.live");
            objects
                .put(&key, bytes, "application/octet-stream")
                .await
                .unwrap();
        }
    }
    app.stop().await;
    app.up().await;
    let tracks = app.tracks("CAlost", 1).await;
    assert_eq!(tracks[0].1.samples.len(), 160 * 6_000);
    let left = ["live/lives/000000.live", "live/lives/000001.live"];
    eventually("its segments are gone, and no others", async || {
        segments(&app).await == left
    })
    .await;
    // A call that may be live elsewhere is left alone.
    assert_eq!(app.recorder.heard::<TrackStored>().len(), 1);
}
